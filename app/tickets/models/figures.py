"""Rows of figures, kept: derived from the history, rebuilt from it at any time, never a truth of their own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, ref
from app.tickets.models.checks import one_of

SOURCES = ("responses", "clocks", "cycles", "done", "closings", "filings")


class FigureRow(Tenant):
    """One row of a source of figures (`queries.figure_sources` says what each column means), as of the mark.

    `row_id` is the id of the clock, event or order it is of. `day` is the day it ended on its campus, `held_on` that of
    the end of the work of `holder_id`. Categories, trades of categories and crews are looked up when it is read.
    """

    __tablename__ = "figure_row"
    __table_args__ = (
        ref("ticket", "ticket_id"),
        CheckConstraint(one_of("source", SOURCES), name="source"),
        UniqueConstraint("institution_id", "ticket_id", "source", "row_id", name="uq_figure_row_of"),
        Index("ix_figure_row_day", "institution_id", "source", "day"),
    )

    source: Mapped[str]
    row_id: Mapped[int] = mapped_column(BigInteger)
    ticket_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    cycle: Mapped[int]
    ended: Mapped[datetime]
    day: Mapped[date]
    held_on: Mapped[date | None]
    holder_id: Mapped[int | None] = mapped_column(BigInteger)
    campus_id: Mapped[int | None] = mapped_column(BigInteger)
    building_id: Mapped[int | None] = mapped_column(BigInteger)
    category_id: Mapped[int] = mapped_column(BigInteger)
    own_trade_id: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str]
    kind: Mapped[str | None]
    work: Mapped[int | None]
    raw: Mapped[int | None]
    total: Mapped[int | None]
    kept: Mapped[bool | None]
    excused: Mapped[bool | None]
    restored: Mapped[bool | None]
    corrective: Mapped[bool | None]
    final: Mapped[bool | None]
    promise_kept: Mapped[bool | None]
    promise_excused: Mapped[bool | None]
    not_fixed: Mapped[int | None]
    reopened: Mapped[bool | None]
    asked: Mapped[bool | None]
    stars: Mapped[int | None]
    visits: Mapped[int | None]
    in_vain: Mapped[int | None]
    moved: Mapped[int | None]
    offers: Mapped[int | None]
    taken: Mapped[int | None]
    named: Mapped[bool | None]


class FigureMark(Tenant):
    """Up to when events are in the kept rows (`until`; null: none are), and the zones their days were worked out by."""

    __tablename__ = "figure_mark"
    __table_args__ = (UniqueConstraint("institution_id", name="uq_figure_mark"),)

    until: Mapped[datetime | None]
    zones: Mapped[dict[str, Any]]
