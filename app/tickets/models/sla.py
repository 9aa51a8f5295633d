"""Policies, the clocks that run by them, and requests for more time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, code_in_force, ref
from app.core.versions.tables import Draft, Head, Version, draft_rules, version_rules
from app.core.words import Words
from app.tickets.models.checks import one_of
from app.tickets.rules.priority import URGENCIES
from app.tickets.rules.sla import Kind, Phase

OWNERS = ("ticket", "order", "feedback")


class SlaPolicy(Head):
    """What an institution promises; the newest version is in force. `usual`: of categories without a policy (6)."""

    __tablename__ = "sla_policy"
    __table_args__ = (
        code_in_force(__tablename__),
        Index("uq_sla_policy_usual", "institution_id", unique=True, postgresql_where=text("usual")),
        CheckConstraint("NOT usual OR valid_to IS NULL", name="usual"),
    )

    usual: Mapped[bool] = mapped_column(default=False)


class SlaPolicyVersion(Version):
    """One published content of a policy (`rules.sla_policy`): clocks were judged by it."""

    __tablename__ = "sla_policy_version"
    __head__ = "policy_id"
    __table_args__ = version_rules(__tablename__, "sla_policy", __head__)

    policy_id: Mapped[int] = mapped_column(BigInteger)


class SlaPolicyDraft(Draft):
    """What somebody is making of a policy and has not published; `name` where it is to be called otherwise."""

    __tablename__ = "sla_policy_draft"
    __head__ = "policy_id"
    __table_args__ = draft_rules(__tablename__, "sla_policy", __head__, "sla_policy_version")

    policy_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[dict[str, str] | None] = mapped_column(Words)


class Clock(Tenant):
    """What one clock says (`rules.sla.Clock`): equals the judgement of its owner's events, and is its timer row.

    The owner is named by kind and id; `ticket_id` is set for a ticket's clocks and its orders'. Instants are whole
    minutes, lengths minutes; `used` counts until `since`. `next_at`: when its next escalation step is due, null where
    none is left or it does not run; one row, one step.
    """

    __tablename__ = "sla_clock"
    __table_args__ = (
        ref("ticket", "ticket_id"),
        ref("sla_policy_version", "policy_version_id"),
        ref("calendar_version", "calendar_version_id"),
        CheckConstraint(one_of("owner_kind", OWNERS), name="owner_kind"),
        CheckConstraint("(owner_kind = 'feedback') = (ticket_id IS NULL)", name="owner"),
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(one_of("phase", Phase), name="phase"),
        CheckConstraint(one_of("priority", URGENCIES), name="priority"),
        CheckConstraint("(phase = 'stopped') = (stopped_at IS NOT NULL)", name="stopped"),
        CheckConstraint("next_at IS NULL OR phase = 'running'", name="timer"),
        CheckConstraint("cycle >= 1 AND used >= 0", name="counts"),
        UniqueConstraint("institution_id", "owner_kind", "owner_id", "kind", "cycle", name="uq_sla_clock"),
        Index("ix_sla_clock_ticket", "institution_id", "ticket_id"),
        Index("ix_sla_clock_next", "institution_id", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_sla_clock_stopped", "institution_id", "stopped_at", postgresql_where=text("phase = 'stopped'")),
        Index(
            "ix_sla_clock_open",
            "institution_id",
            "calendar_version_id",
            "ticket_id",
            postgresql_where=text("phase IN ('running', 'paused', 'standing')"),
        ),
    )

    owner_kind: Mapped[str]
    owner_id: Mapped[int] = mapped_column(BigInteger)
    ticket_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str]
    cycle: Mapped[int] = mapped_column(default=1)
    policy_version_id: Mapped[int] = mapped_column(BigInteger)
    priority: Mapped[str]
    calendar_version_id: Mapped[int] = mapped_column(BigInteger)
    phase: Mapped[str]
    started_at: Mapped[datetime]
    since: Mapped[datetime]
    used: Mapped[int]
    target: Mapped[int | None]
    due_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    kept: Mapped[bool | None]
    excused: Mapped[bool] = mapped_column(default=False)
    endless: Mapped[bool] = mapped_column(default=False)
    next_at: Mapped[datetime | None]


class Extension(Tenant):
    """More time asked for, decided by another person (23); one open request per ticket."""

    __tablename__ = "ticket_extension"
    __table_args__ = (
        ref("ticket", "ticket_id"),
        ref("person", "asked_by"),
        ref("person", "decided_by"),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="four_eyes"),
        CheckConstraint("(decided_at IS NULL) = (approved IS NULL)", name="decided"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        Index(
            "uq_ticket_extension_open",
            "institution_id",
            "ticket_id",
            unique=True,
            postgresql_where=text("decided_at IS NULL"),
        ),
        Index("ix_ticket_extension_ticket", "institution_id", "ticket_id", "id"),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger)
    cycle: Mapped[int]
    until: Mapped[datetime]
    reason: Mapped[str]
    asked_by: Mapped[int] = mapped_column(BigInteger)
    asked_at: Mapped[datetime]
    approved: Mapped[bool | None]
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None]
    note: Mapped[str | None]
