"""By what lists and reports can be narrowed: campuses, buildings, trades."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Date, Text, cast, null, select, union_all
from sqlalchemy.dialects.postgresql import JSONB

from app.core.db import valid_on
from app.core.prepared import Reading, among, code, number, value
from app.sites.models import Place
from app.tickets.models import Trade

PLACES_AT_MOST = 500


def campuses_and_buildings() -> Sequence[Any]:
    """The places the list can be narrowed to: (id, kind, name, campus_id), campuses first, in the order of the tree."""
    return _places().rows({})


@cache
def _places() -> Reading:
    return Reading(
        select(Place.id, Place.kind, Place.name, Place.campus_id)
        .where(among(Place.kind, ("campus", "building")), Place.valid_to.is_(None))
        .order_by(Place.kind.desc(), Place.sort_key, Place.id)
        .limit(number(PLACES_AT_MOST))
    )


def offered(today: date) -> Sequence[Any]:
    """What the list can be narrowed to: (kind, id, name, campus_id, code, words), trades by code, then places.

    `kind` is trade, campus or building; a trade has code and words, a place name and campus. One statement, since
    every page with filters asks.
    """
    return _offered().rows({"day": today})


@cache
def _offered() -> Reading:
    places = (
        select(
            Place.kind,
            Place.id,
            Place.name,
            Place.campus_id,
            cast(null(), Text).label("code"),
            cast(null(), JSONB).label("words"),
            Place.sort_key,
        )
        .where(among(Place.kind, ("campus", "building")), Place.valid_to.is_(None))
        .order_by(Place.kind.desc(), Place.sort_key, Place.id)
        .limit(number(PLACES_AT_MOST))
    )
    trades = select(
        code("trade"), Trade.id, cast(null(), Text), cast(null(), BigInteger), Trade.code, Trade.name, Trade.code
    ).where(valid_on(Trade, value("day", Date)))
    rows = union_all(select(places.subquery()), trades).subquery()
    return Reading(
        select(rows.c.kind, rows.c.id, rows.c.name, rows.c.campus_id, rows.c.code, rows.c.words).order_by(
            rows.c.kind.desc(), rows.c.sort_key, rows.c.id
        )
    )
