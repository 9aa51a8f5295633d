"""Feedback: what somebody said, whom it is about, and everything that happened to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, ref
from app.portal.rules import feedback as rules
from app.portal.rules.feedback import Act, Kind, Status
from app.tickets.models.checks import one_of


def _legal_moves() -> str:
    listed = ", ".join(f"'{act}:{start}:{to}'" for act, start, to in rules.moves())
    return (
        "(from_state IS NULL AND to_state IS NULL)"
        f" OR (kind || ':' || coalesce(from_state, '') || ':' || to_state) IN ({listed})"
    )


class Feedback(Tenant):
    """One matter as it stands now; the status is the fold of its events.

    Without a name (`author_id` None) it is read and answered through a secret, kept hashed. The clocks are those of the
    present cycle; `first_*` keep how the first answer fared, for the figures.
    """

    __tablename__ = "feedback"
    __table_args__ = (
        ref("person", "author_id"),
        ref("person", "handler_id"),
        ref("place", "place_id"),
        ref("place", "campus_id"),
        ref("place", "building_id"),
        ref("ticket", "ticket_id"),
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(one_of("status", Status), name="status"),
        CheckConstraint("(author_id IS NULL) = (secret_hash IS NOT NULL)", name="author"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("(closed_at IS NULL) = (closed_as IS NULL)", name="closed_as"),
        CheckConstraint("closed_as IN ('ticket', 'notice', 'lapsed')", name="how_closed"),
        UniqueConstraint("institution_id", "number", name="uq_feedback_number"),
        UniqueConstraint("institution_id", "secret_hash", name="uq_feedback_secret"),
        Index("ix_feedback_author", "institution_id", "author_id", "id"),
        Index("ix_feedback_status", "institution_id", "status", "id"),
        Index("ix_feedback_open", "institution_id", "answer_due", "id", postgresql_where=text("status = 'open'")),
        Index("ix_feedback_filed", "institution_id", "filed_at"),
    )

    number: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default=Status.OPEN.value)
    version: Mapped[int] = mapped_column(default=1)
    cycle: Mapped[int] = mapped_column(default=1)
    lang: Mapped[str] = mapped_column(default="zh-CN")
    excerpt: Mapped[str]
    search: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(BigInteger)
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    about_text: Mapped[str | None]
    place_id: Mapped[int | None] = mapped_column(BigInteger)
    campus_id: Mapped[int | None] = mapped_column(BigInteger)
    building_id: Mapped[int | None] = mapped_column(BigInteger)
    ticket_id: Mapped[int | None] = mapped_column(BigInteger)
    handler_id: Mapped[int | None] = mapped_column(BigInteger)
    filed_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    respond_due: Mapped[datetime | None]
    responded_at: Mapped[datetime | None]
    answer_due: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    first_due: Mapped[datetime | None]
    first_answered_at: Mapped[datetime | None]
    first_minutes: Mapped[int | None]
    escalated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_as: Mapped[str | None]
    became_id: Mapped[int | None] = mapped_column(BigInteger)  # the ticket or notice it became


class FeedbackAbout(Tenant):
    """A person a matter is about: he never sees it and never handles it. `how` he came to be named."""

    __tablename__ = "feedback_about"
    __table_args__ = (
        ref("feedback", "feedback_id"),
        ref("person", "person_id"),
        CheckConstraint("how IN ('chosen', 'named', 'ticket', 'staff')", name="how"),
        UniqueConstraint("institution_id", "feedback_id", "person_id", name="uq_feedback_about"),
        Index("ix_feedback_about_person", "institution_id", "person_id", "feedback_id"),
    )

    feedback_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    how: Mapped[str]


class FeedbackEvent(Tenant):
    """What happened, in the order of ids; append-only by grant. `audience` staff: the author never reads it."""

    __tablename__ = "feedback_event"
    __table_args__ = (
        ref("feedback", "feedback_id"),
        ref("person", "actor_id"),
        ref("person", "person_id"),
        CheckConstraint(one_of("kind", Act), name="kind"),
        CheckConstraint(_legal_moves(), name="move"),
        CheckConstraint("audience IN ('everyone', 'staff')", name="audience"),
        CheckConstraint("actor_kind IN ('person', 'token', 'system', 'author')", name="actor_kind"),
        Index("ix_feedback_event_feedback", "institution_id", "feedback_id", "id"),
    )

    feedback_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    cycle: Mapped[int]
    kind: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str | None]
    actor_kind: Mapped[str]  # author: whoever holds the secret
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int | None] = mapped_column(BigInteger)  # who was assigned
    text: Mapped[str | None]
    audience: Mapped[str]
    data: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
