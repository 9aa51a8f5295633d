"""The append-only history of tickets (by grant the application may insert and read)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, ref
from app.tickets.models.checks import legal_moves, one_of
from app.tickets.rules.audiences import Audience

END_KINDS = ("all_done", "confirm", "accept_third", "default")
"""How repairs and requests end."""
VISIT_KINDS = ("start", "hold", "give_back", "reassign")
"""What visits, trips in vain and reassignments are counted from (rules 32, 36)."""


class TicketEvent(Tenant):
    """One thing that happened, in order of ids inside a ticket; `at` never falls.

    `kind` is an act of the transition tables (then `from_state`, `to_state` are set, of the order where `order_id`
    is) or a remark (both null). `person_id` is whom an offer or reassignment goes to. `audience` says who reads it.
    `effective_at` is the device's time corrected, where it was sent. Corrections are new rows.
    """

    __tablename__ = "ticket_event"
    __table_args__ = (
        ref("ticket", "ticket_id"),
        ref("work_order", "order_id"),
        ref("person", "actor_id"),
        ref("person", "person_id"),
        CheckConstraint(legal_moves(), name="move"),
        CheckConstraint(one_of("audience", Audience), name="audience"),
        Index("ix_ticket_event_ticket", "institution_id", "ticket_id", "id"),
        # reports read whole months: rows lie in the order of time, so a few bytes for many pages are enough
        Index(
            "ix_ticket_event_at",
            "at",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": "32", "autosummarize": "on"},
        ),
        Index(
            "ix_ticket_event_ends",
            "institution_id",
            "kind",
            "at",
            postgresql_where=text(one_of("kind", END_KINDS)),
        ),
        Index(
            "ix_ticket_event_visits",
            "institution_id",
            "order_id",
            "kind",
            postgresql_where=text(one_of("kind", VISIT_KINDS)),
        ),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]
    effective_at: Mapped[datetime | None]
    device_at: Mapped[datetime | None]
    actor_kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str | None]
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None]
    note: Mapped[str | None]
    audience: Mapped[str]
    cycle: Mapped[int] = mapped_column(default=1)
    data: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
