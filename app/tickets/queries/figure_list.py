"""The rows behind a figure, listed: page by page, or all of them in a stream (tickets-rules 4, drill-down)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from app.core import paging
from app.core.db import db
from app.core.errors import Rejected
from app.core.paging import Page
from app.tickets.queries.figure_details import DETAILS
from app.tickets.queries.figure_rows import PARTS, Asked, Part, crew_joined, rows
from app.tickets.queries.figures import statement
from app.tickets.rules.figures import Figure

AT_ONCE = 500
"""Rows a stream reads at a time."""

HIT = {"yes": "row_part > 0", "no": "row_part = 0", None: "true"}


def _values(part: Part) -> list[str]:
    """How the figure reads a row, as columns."""
    names = ("part", "whole", "work", "raw", "score", "provisional", "excused")
    return [f"{getattr(part, name)} AS row_{name}" for name in names]


def _listed(figure: Figure, asked: Asked, hit: str | None, *, after: bool, limit: bool) -> str:
    """What is shown of each row; the rows are cut to the page before anything is joined."""
    part, details = PARTS[figure], DETAILS[figure]
    its_own = "".join(f", {sql} AS {name}" for name, sql in details.columns.items())
    beyond = "(ended, row_id) < (:cursor_at, :cursor_id)" if after else "true"
    return f"""
    SELECT r.row_id, r.ticket_id, r.order_id, r.cycle, r.ended, r.day, r.row_part AS part,
        r.row_whole AS whole, r.row_work AS work, r.row_raw AS raw, r.row_score AS score,
        r.row_provisional AS provisional, r.row_excused AS excused, t.number, o.number AS order_number,
        place.path AS place, t.place_text, coalesce(campus.zone_name, :zone) AS zone,
        category.name AS category, trade.name AS trade, named.name AS crew{its_own}
    FROM (
        SELECT * FROM (
            SELECT kept.*, {", ".join(_values(part))}
            FROM ({rows(part.source, asked)}) kept
            WHERE {part.where}
        ) valued
        WHERE {HIT[hit]} AND {beyond}
        ORDER BY ended DESC, row_id DESC
        {"LIMIT :limit" if limit else ""}
    ) r
    JOIN ticket t ON t.id = r.ticket_id
    JOIN category ON category.id = r.category_id
    LEFT JOIN trade ON trade.id = r.trade_id
    LEFT JOIN work_order o ON o.id = r.order_id
    LEFT JOIN place ON place.id = t.place_id
    LEFT JOIN place campus ON campus.id = r.campus_id{crew_joined(asked)}
    LEFT JOIN crew named ON named.id = crew.crew_id
    {details.joins}
    ORDER BY r.ended DESC, r.row_id DESC"""  # noqa: S608 - fragments of our own; values are parameters


def page(figure: Figure, asked: Asked, hit: str | None, cursor: str | None, limit: int) -> Page[Any]:
    """One page of the rows, the latest first; two statements. Raises Rejected for a cursor that is none of ours."""
    given: dict[str, Any] = {"limit": limit + 1}
    if cursor:
        given |= mark(cursor)
    made, named = statement(_listed(figure, asked, hit, after=bool(cursor), limit=True), asked, **given)
    found = db.session.execute(made, named).all()
    kept = found[:limit]
    following = paging.encode([kept[-1].ended.isoformat(), kept[-1].row_id]) if len(found) > limit else None
    return Page(kept, following)


def mark(cursor: str) -> dict[str, Any]:
    """The values of a cursor: an instant and an id. Raises Rejected for one that is none of ours."""
    at, row_id = paging.decode(cursor, 2)
    if isinstance(at, str) and type(row_id) is int and abs(row_id) < 2**63:
        try:
            return {"cursor_at": datetime.fromisoformat(at), "cursor_id": row_id}
        except ValueError:
            pass
    raise Rejected(fields={"cursor": paging.NOT_OURS})


def stream(figure: Figure, asked: Asked, hit: str | None) -> Iterator[Any]:
    """All rows, the latest first, through a cursor of the server: however many there are, few are held at a time."""
    made, named = statement(_listed(figure, asked, hit, after=False, limit=False), asked)
    yield from db.session.execute(made, named, execution_options={"stream_results": True, "yield_per": AT_ONCE})
