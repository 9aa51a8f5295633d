"""What can be reported, and which trade repairs it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Dated, Small, Tenant, code_in_force, ref, to_one
from app.core.words import Words
from app.tickets.models.checks import one_of
from app.tickets.rules.demands import PRICES
from app.tickets.rules.priority import IMPACTS


class Trade(Dated, Tenant):
    """A trade technicians have and orders need: plumber, electrician, …"""

    __tablename__ = "trade"
    __table_args__ = (code_in_force("trade"),)

    code: Mapped[str]
    name: Mapped[dict[str, str]] = mapped_column(Words)


class Category(Dated, Tenant):
    """One entry of the tree a reporter chooses from.

    Entries with children are headings; the others can be reported and then have a trade. `auto_dispatch`: a ticket
    with a known place is accepted by the system and its order offered at once. `emergency` entries show
    `emergency_phone` before anything else. `planned_minutes` is the usual working time of the first order, `hints`
    what the reporter may try or should watch for. `level` and `certificates` (codes) are what whoever is offered its
    orders must have (tickets-rules 37).

    These columns are the present state; `version` numbers the `CategoryVersion` that holds it with the questions (0:
    none was written yet, nothing is asked). `draft` is what an editor is changing of the questions and has not
    published.
    """

    __tablename__ = "category"
    __table_args__ = (
        ref("category", "parent_id"),
        ref("trade", "trade_id"),
        CheckConstraint("planned_minutes > 0", name="planned_minutes"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"),
        CheckConstraint(one_of("impact", IMPACTS), name="impact"),
        code_in_force("category"),
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
    version: Mapped[int] = mapped_column(default=0)
    draft: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))

    trade = to_one("Category.trade_id", "Trade")


class CategoryVersion(Tenant):
    """A category as it stood from `made_at` on; written once, never changed (by grant).

    A ticket points to the version that was in force when it was filed (or last reclassified) and to the one whose
    questions it answers, so that neither a new question nor a new rule changes what was said before. `impacts`: reach
    by kind of place where it differs from `impact` (`rules.demands.SPOTS`). `sla_policy` names a policy by code,
    `reply` is told to the reporter at filing, `demands` is what the crew has to show (`rules.demands`).
    """

    __tablename__ = "category_version"
    __table_args__ = (
        ref("category", "category_id"),
        ref("trade", "trade_id"),
        ref("person", "made_by"),
        CheckConstraint(one_of("price_class", PRICES), name="price_class"),
        UniqueConstraint("institution_id", "category_id", "number", name="uq_category_version"),
    )

    category_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[dict[str, str]] = mapped_column(Words)
    hints: Mapped[dict[str, str] | None] = mapped_column(Words)
    trade_id: Mapped[int | None] = mapped_column(BigInteger)
    planned_minutes: Mapped[int]
    auto_dispatch: Mapped[bool]
    emergency: Mapped[bool]
    emergency_phone: Mapped[str | None]
    impact: Mapped[str]
    impacts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sla_policy: Mapped[str | None]
    price_class: Mapped[str | None]
    reply: Mapped[dict[str, str] | None] = mapped_column(Words)
    questions: Mapped[list[Any]] = mapped_column(default=list)
    demands: Mapped[dict[str, Any]] = mapped_column(default=dict)
