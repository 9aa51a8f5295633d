"""What can be reported, and which trade repairs it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Dated, Small, Tenant, ref, to_one
from app.core.words import Words
from app.tickets.models.checks import one_of
from app.tickets.rules.priority import IMPACTS


class Trade(Dated, Tenant):
    """A trade technicians have and orders need: plumber, electrician, …"""

    __tablename__ = "trade"
    __table_args__ = (
        Index("uq_trade_code_valid", "institution_id", "code", unique=True, postgresql_where=text("valid_to IS NULL")),
    )

    code: Mapped[str]
    name: Mapped[dict[str, str]] = mapped_column(Words)


class Category(Dated, Tenant):
    """One entry of the tree a reporter chooses from.

    Entries with children are headings; the others can be reported and then have a trade. `auto_dispatch`: a ticket
    with a known place is accepted by the system and its order offered at once. `emergency` entries show
    `emergency_phone` before anything else. `planned_minutes` is the usual working time of the first order, `hints`
    what the reporter may try or should watch for. `level` and `certificates` (codes) are what whoever is offered its
    orders must have (tickets-rules 37).
    """

    __tablename__ = "category"
    __table_args__ = (
        ref("category", "parent_id"),
        ref("trade", "trade_id"),
        CheckConstraint("planned_minutes > 0", name="planned_minutes"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"),
        CheckConstraint(one_of("impact", IMPACTS), name="impact"),
        Index(
            "uq_category_code_valid", "institution_id", "code", unique=True, postgresql_where=text("valid_to IS NULL")
        ),
        Index("ix_category_parent", "institution_id", "parent_id", "position", "id"),
    )

    parent_id: Mapped[int | None] = mapped_column(BigInteger)
    code: Mapped[str]
    name: Mapped[dict[str, str]] = mapped_column(Words)
    icon: Mapped[str] = mapped_column(default="wrench")
    trade_id: Mapped[int | None] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(default=0)
    emergency: Mapped[bool] = mapped_column(default=False)
    emergency_phone: Mapped[str | None]
    auto_dispatch: Mapped[bool] = mapped_column(default=True)
    planned_minutes: Mapped[int] = mapped_column(default=30)
    impact: Mapped[str] = mapped_column(default="room")
    hints: Mapped[dict[str, str] | None] = mapped_column(Words)
    level: Mapped[int] = mapped_column(Small, default=1)
    certificates: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)

    trade = to_one("Category.trade_id", "Trade")
