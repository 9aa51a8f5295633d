"""How much each technician has: planned minutes held beside what is left of his shift (the strip above the board)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db import db
from app.core.i18n import zone as local_zone
from app.sites import queries as places
from app.tickets.queries.profile_rows import HELD, SHIFTS, own, valid, weekly
from app.tickets.rules.shifts import on_duty_until, spans_around

_LOADS = text(
    f"""
    SELECT profile.person_id, held.orders, held.minutes, held.late,
        {SHIFTS} AS shifts,
        EXISTS (SELECT FROM absence WHERE {own("absence")} AND starts_at <= :now AND ends_at > :now) AS absent
    FROM technician_profile profile
    CROSS JOIN LATERAL (
        SELECT count(*) AS orders, coalesce(sum(planned_minutes), 0) AS minutes,
            count(*) FILTER (WHERE due_at < :now) AS late
        FROM work_order mine WHERE {HELD}
    ) held
    WHERE profile.person_id = ANY (:only) AND {valid("profile")}
        AND (CAST(:trade AS text) IS NULL OR EXISTS (
            SELECT FROM technician_trade has
            JOIN trade ON trade.institution_id = has.institution_id AND trade.id = has.trade_id
            WHERE {own("has")} AND {valid("has")} AND trade.code = :trade))
    """  # noqa: S608 - conditions of our own, no input
).bindparams(
    bindparam("day", type_=Date),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("only", type_=ARRAY(BigInteger)),
)


@dataclass(frozen=True, slots=True)
class Load:
    """What one technician has: orders offered and held, their planned minutes, how many are late.

    `left`: minutes until his present shift ends; None: he is not on duty now (or absent).
    """

    person_id: int
    orders: int
    minutes: int
    late: int
    left: int | None

    @property
    def share(self) -> float:
        """Minutes held for each minute left; somebody who is off duty comes last, what he holds waits for his shift."""
        if self.left is None:
            return -1.0
        return self.minutes / max(self.left, 1)


def of(person_ids: Sequence[int], now: datetime, *, trade: str | None = None) -> list[Load]:
    """The loads of those on duty or holding orders, the fullest first. One statement."""
    rows = db.session.execute(_LOADS, {"only": list(person_ids), "day": places.today(now), "now": now, "trade": trade})
    found = [_load(row, now) for row in rows]
    return sorted(
        (each for each in found if each.left is not None or each.orders),
        key=lambda each: (-each.share, -each.minutes, each.person_id),
    )


def _load(row: Any, now: datetime) -> Load:
    zone: Any = local_zone()
    shifts = weekly(row.shifts)["duty"]
    until_then = None if row.absent else on_duty_until(spans_around(shifts, zone, now), now)
    left = None if until_then is None else max(0, int((until_then - now) / timedelta(minutes=1)))
    return Load(row.person_id, row.orders, row.minutes, row.late, left)
