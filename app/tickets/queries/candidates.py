"""What the ranking looks at: the order with its surroundings in one read, the crew as it is now in another.

An order is offered within milliseconds of its filing and many are tried again each minute, so nothing here reads per
person: lists of a person come back as arrays of his row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Date, DateTime, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db import db
from app.core.i18n import DEFAULT_ZONE
from app.sites import queries as places
from app.tickets.models import Absence, Offer
from app.tickets.queries.profile_rows import HELD, HIS, SHIFTS, own, valid, weekly
from app.tickets.rules import outcomes
from app.tickets.rules.dispatching import Job, Stand, Technician
from app.tickets.rules.offers import PastOffer
from app.tickets.rules.shifts import Span, spans_around

SEEN_HOURS: Final = 4
"""How long after finishing an order somebody is taken to be where it was."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else the choice needs: the campus's zone, the trade, the offers made so far."""

    zone: str | None
    trade_id: int
    past: tuple[PastOffer, ...]


_JOB = text(
    """
    WITH RECURSIVE above AS (
        SELECT institution_id, id, parent_id, zone_name FROM place WHERE id = :place_id
        UNION ALL
        SELECT up.institution_id, up.id, up.parent_id, up.zone_name
        FROM place up JOIN above ON up.institution_id = above.institution_id AND up.id = above.parent_id
    )
    SELECT
        (SELECT array_agg(id) FROM above) AS places,
        (SELECT zone_name FROM above WHERE zone_name IS NOT NULL LIMIT 1) AS zone,
        trade.code AS trade,
        category.level,
        category.certificates,
        (SELECT array_agg(DISTINCT actor_id) FROM ticket_event
            WHERE ticket_id = :ticket_id AND kind = 'start' AND actor_id IS NOT NULL) AS visitors,
        (SELECT jsonb_agg(jsonb_build_array(CASE WHEN one_id = :building_id THEN other_id ELSE one_id END, minutes))
            FROM walk WHERE one_id = :building_id OR other_id = :building_id) AS walks,
        (SELECT jsonb_agg(jsonb_build_array(person_id, round, outcome, made_by IS NOT NULL) ORDER BY id)
            FROM offer WHERE order_id = :order_id AND outcome IS NOT NULL) AS past
    FROM trade, category
    WHERE trade.id = :trade_id AND category.id = :category_id
    """
).bindparams(bindparam("place_id", type_=BigInteger), bindparam("building_id", type_=BigInteger))


def job(ticket: Any, order: Any, did_before: frozenset[int]) -> tuple[Job, Surroundings]:
    """An order of a ticket as the ranking sees it; `did_before`: who did the work it mends. One statement."""
    row = db.session.execute(
        _JOB,
        {
            "place_id": ticket.place_id,
            "building_id": order.building_id,
            "ticket_id": ticket.id,
            "order_id": order.id,
            "trade_id": order.trade_id,
            "category_id": ticket.category_id,
        },
    ).one()
    past = tuple(
        PastOffer(person_id=person_id, round=number, ended=outcomes.ENDED_BY[outcome], by_dispatcher=by_hand)
        for person_id, number, outcome, by_hand in row.past or ()
    )
    found = Job(
        id=order.id,
        trade=row.trade,
        places=frozenset(row.places or ()),
        building=order.building_id,
        campus=order.campus_id,
        walks=dict(row.walks or ()),
        level=row.level,
        certificates=frozenset(row.certificates),
        priority=order.priority,
        planned_minutes=order.planned_minutes,
        visitors=frozenset(row.visitors or ()),
        rework=order.kind == "rework",
        did_before=did_before,
        place_known=ticket.place_id is not None,
    )
    return found, Surroundings(row.zone, order.trade_id, past)


def _crew(condition: str) -> Any:
    """The statement that reads technicians with all that belongs to them."""
    return text(
        f"""
        SELECT
            profile.person_id, profile.cap, profile.last_offer_at,
            (person.disabled_at IS NULL AND person.merged_into_id IS NULL AND {valid("person")})
                AS account_valid,
            held.orders, held.minutes, held.buildings,
            stand.building_id, stand.campus_id, building.name AS stand_name,
            (SELECT jsonb_agg(jsonb_build_array(trade.code, has.level))
                FROM technician_trade has
                JOIN trade ON trade.institution_id = has.institution_id AND trade.id = has.trade_id
                WHERE {own("has")} AND {valid("has")}) AS trades,
            (SELECT array_agg(place_id) FROM technician_zone serves
                WHERE {own("serves")} AND {valid("serves")}) AS zones,
            (SELECT array_agg(DISTINCT paper.code)
                FROM technician_certificate has
                JOIN certificate paper ON paper.institution_id = has.institution_id AND paper.id = has.certificate_id
                WHERE {own("has")} AND {valid("has")}) AS certificates,
            {SHIFTS} AS shifts,
            (SELECT jsonb_agg(jsonb_build_array(starts_at, ends_at))
                FROM absence WHERE {own("absence")}
                AND ends_at > :now AND starts_at < :soon) AS absences
        FROM technician_profile profile
        JOIN person ON person.institution_id = profile.institution_id AND person.id = profile.person_id
        CROSS JOIN LATERAL (
            SELECT count(*) AS orders, coalesce(sum(planned_minutes), 0) AS minutes,
                array_agg(DISTINCT building_id) FILTER (WHERE state <> 'offered' AND building_id IS NOT NULL)
                    AS buildings
            FROM work_order mine WHERE {HELD}
        ) held
        LEFT JOIN LATERAL (
            (SELECT institution_id, building_id, campus_id, 1 AS turn FROM work_order mine
                WHERE {HIS} AND state IN ('en_route', 'working') ORDER BY state DESC, id DESC LIMIT 1)
            UNION ALL
            (SELECT institution_id, building_id, campus_id, 2 AS turn FROM work_order mine
                WHERE {HIS} AND done_at > :seen ORDER BY done_at DESC LIMIT 1)
            ORDER BY turn LIMIT 1
        ) stand ON true
        LEFT JOIN place building
            ON building.institution_id = stand.institution_id
            AND building.id = coalesce(stand.building_id, stand.campus_id)
        WHERE {valid("profile")} AND {condition}
        ORDER BY profile.person_id
        """  # noqa: S608 - conditions of our own, no input
    ).bindparams(
        bindparam("day", type_=Date),
        *(bindparam(name, type_=DateTime(timezone=True)) for name in ("now", "soon", "seen")),
    )


_HAS_TRADE = f"{own('wanted')} AND wanted.trade_id = :trade_id AND {valid('wanted')}"
_OF_TRADE = _crew(f"EXISTS (SELECT FROM technician_trade wanted WHERE {_HAS_TRADE})")
_ONLY = _crew("profile.person_id = ANY (:only)").bindparams(bindparam("only", type_=ARRAY(BigInteger)))


def technicians(*, trade_id: int, now: datetime, zone: str | None) -> list[Technician]:
    """Everybody who has the trade today, as he is now; `zone` is the IANA zone in which shifts are meant."""
    return _read(_OF_TRADE, {"trade_id": trade_id}, now, zone)


def some(person_ids: Collection[int], *, now: datetime, zone: str | None) -> list[Technician]:
    """The technicians among the persons, whatever their trades; by id."""
    return _read(_ONLY, {"only": sorted(set(person_ids))}, now, zone)


_LOCK = """
    SELECT profile.person_id FROM technician_profile profile
    WHERE {} ORDER BY profile.person_id FOR NO KEY UPDATE OF profile
"""
_LOCK_OF_TRADE = text(
    _LOCK.format(f"{valid('profile')} AND EXISTS (SELECT FROM technician_trade wanted WHERE {_HAS_TRADE})")
).bindparams(bindparam("day", type_=Date))
_LOCK_ONLY = text(_LOCK.format("profile.person_id = ANY (:only)")).bindparams(
    bindparam("only", type_=ARRAY(BigInteger))
)


def lock_crew(*, trade_id: int, now: datetime) -> list[int]:
    """Lock the dispatch rows of everybody who has the trade today; returns whose.

    In the order of their ids, so that two offers never wait for each other in a ring (architecture.md rule 5). Read
    in a later statement, they are as they stay until the transaction ends.
    """
    return list(db.session.scalars(_LOCK_OF_TRADE, {"trade_id": trade_id, "day": places.today(now)}))


def lock(person_ids: Collection[int]) -> list[int]:
    """The same for the technicians among the persons."""
    return list(db.session.scalars(_LOCK_ONLY, {"only": sorted(set(person_ids))}))


def absence_ended(person_ids: Collection[int], since: datetime, now: datetime) -> bool:
    """Whether one of the persons came back after `since`."""
    ended = select(Absence.id).where(Absence.person_id.in_(person_ids), Absence.ends_at > since, Absence.ends_at <= now)
    return db.session.scalar(ended.limit(1)) is not None


def last_asked(order_id: int) -> datetime:
    """When the last offer of an order ended for which somebody has been asked."""
    row: Any = db.session.execute(select(func.max(Offer.ended_at).label("at")).where(Offer.order_id == order_id)).one()
    ended: datetime = row.at
    return ended


def _read(statement: Any, values: dict[str, Any], now: datetime, zone: str | None) -> list[Technician]:
    asked = {
        "day": places.today(now),
        "now": now,
        "soon": now + timedelta(days=2),
        "seen": now - timedelta(hours=SEEN_HOURS),
    }
    local = ZoneInfo(zone or DEFAULT_ZONE)
    return [_technician(row, now, local) for row in db.session.execute(statement, {**asked, **values})]


def _technician(row: Any, now: datetime, zone: ZoneInfo) -> Technician:
    shifts = weekly(row.shifts)
    stand = None
    if row.stand_name is not None:
        stand = Stand(building=row.building_id, campus=row.campus_id, name=row.stand_name)
    return Technician(
        person_id=row.person_id,
        trades=dict(row.trades or ()),
        zones=frozenset(row.zones or ()),
        certificates=frozenset(row.certificates or ()),
        cap=row.cap,
        open_orders=row.orders,
        minutes_held=row.minutes,
        buildings=frozenset(row.buildings or ()),
        stand=stand,
        shifts=spans_around(shifts["duty"], zone, now),
        on_call=spans_around(shifts["on_call"], zone, now),
        absences=_spans(row.absences),
        last_offered_at=row.last_offer_at,
        account_valid=row.account_valid,
    )


def _spans(given: Iterable[tuple[str, str]] | None) -> tuple[Span, ...]:
    return tuple(Span(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in given or ())
