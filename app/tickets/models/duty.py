"""Calls of the duty lead."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, ref, to_one
from app.tickets.models.checks import one_of
from app.tickets.rules.duty import CallEnd, Cause


class DutyCall(Tenant):
    """The duty lead is called for an order nobody takes, again and again until somebody answers by name (38).

    `called` are the ids of those who were told last, `times` how often somebody was. At most one call of an order is
    open (`ended_at` null). `answered_by` is who has taken it on. Campus and building repeat the order's for scopes.
    """

    __tablename__ = "duty_call"
    __table_args__ = (
        ref("work_order", "order_id"),
        ref("ticket", "ticket_id"),
        ref("place", "campus_id"),
        ref("place", "building_id"),
        ref("person", "answered_by"),
        CheckConstraint(one_of("cause", Cause), name="cause"),
        CheckConstraint(one_of("ended_as", CallEnd), name="ended_as"),
        CheckConstraint("(ended_as IS NULL) = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(answered_by IS NOT NULL) = (ended_as IS NOT DISTINCT FROM 'answered')", name="answered"),
        CheckConstraint("times >= 1 AND refusals >= 0", name="counts"),
        Index(
            "uq_duty_call_open", "institution_id", "order_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
        Index("ix_duty_call_order", "institution_id", "order_id", "id"),
        Index("ix_duty_call_open", "institution_id", "id", postgresql_where=text("ended_at IS NULL")),
    )

    order_id: Mapped[int] = mapped_column(BigInteger)
    ticket_id: Mapped[int] = mapped_column(BigInteger)
    campus_id: Mapped[int | None] = mapped_column(BigInteger)
    building_id: Mapped[int | None] = mapped_column(BigInteger)
    cause: Mapped[str]
    refusals: Mapped[int]
    called: Mapped[list[Any]]
    times: Mapped[int] = mapped_column(default=1)
    called_at: Mapped[datetime]
    last_at: Mapped[datetime]
    answered_by: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[datetime | None]
    ended_as: Mapped[str | None]

    order = to_one("DutyCall.order_id", "WorkOrder")
