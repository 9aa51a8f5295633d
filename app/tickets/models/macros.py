"""Macros: what a dispatcher does to orders with one click."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Dated, Tenant
from app.core.words import Words
from app.tickets.models.checks import one_of
from app.tickets.rules.macros import LONGEST_DAYS, MacroAct


class Macro(Dated, Tenant):
    """An act, a note for staff, a message to the reporter: any of them, done together to an order.

    `reason` is of the act, `days` from now a hold ends. What ends is closed; each change stands in the audit log.
    """

    __tablename__ = "macro"
    __table_args__ = (
        CheckConstraint(f"act IS NULL OR {one_of('act', MacroAct)}", name="act"),
        CheckConstraint(f"days IS NULL OR days BETWEEN 1 AND {LONGEST_DAYS}", name="days"),
        CheckConstraint("act IS NOT NULL OR note IS NOT NULL OR message IS NOT NULL", name="content"),
    )

    name: Mapped[dict[str, str]] = mapped_column(Words)
    act: Mapped[str | None]
    reason: Mapped[str | None]
    days: Mapped[int | None]
    note: Mapped[str | None]
    message: Mapped[dict[str, str] | None] = mapped_column(Words)
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
