"""By what lists and reports can be narrowed: campuses, buildings, trades."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Date, Text, cast, func, literal_column, null, select, union_all
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by

from app.core.db import valid_on
from app.core.prepared import Question, Reading, among, code, number, value
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


def offered(today: date) -> Question:
    """What the list can be narrowed to, as JSON: [kind, id, name, campus_id, code, words], trades by code, then places.

    `kind` is trade, campus or building; a trade has code and words, a place name and campus. A question, since every
    page with filters asks it with others; one text, by which can be kept what is made of it: it changes with any of
    them.
    """
    return Question(_offered(), {"day": today})


@cache
def _offered() -> Reading:
    places = (
        select(
            Place.kind,
            Place.id,
            Place.name,
            Place.campus_id,
            cast(null(), Text).label("code"),
            cast(null(), JSON).label("words"),
            Place.sort_key,
        )
        .where(among(Place.kind, ("campus", "building")), Place.valid_to.is_(None))
        .order_by(Place.kind.desc(), Place.sort_key, Place.id)
        .limit(number(PLACES_AT_MOST))
    )
    trades = select(
        code("trade"),
        Trade.id,
        cast(null(), Text),
        cast(null(), BigInteger),
        Trade.code,
        cast(Trade.name, JSON),
        Trade.code,
    ).where(valid_on(Trade, value("day", Date)))
    row = union_all(select(places.subquery()), trades).subquery().c
    line = func.json_build_array(row.kind, row.id, row.name, row.campus_id, row.code, row.words)
    ordered = aggregate_order_by(line, row.kind.desc(), row.sort_key, row.id)
    return Reading(select(cast(func.coalesce(func.json_agg(ordered), literal_column("'[]'::json")), Text)))
