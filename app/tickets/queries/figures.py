"""Figures summed: one statement for each source of rows, whatever is asked for (tickets-rules 30 to 36)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Date, DateTime, Integer, Interval, Text, bindparam, select, text

from app.accounts.models import Crew
from app.core.db import db
from app.sites.models import Place
from app.tickets.models import Category, Trade
from app.tickets.queries.figure_rows import KEYS, PARTS, Asked, Part, rows
from app.tickets.queries.figure_sources import SOURCES
from app.tickets.rules.figures import By, Figure, Lengths, Sums

TYPES: dict[str, Any] = {
    "first": Date,
    "last": Date,
    "from": DateTime(timezone=True),
    "until": DateTime(timezone=True),
    "told_until": DateTime(timezone=True),
    "unsettled": ARRAY(BigInteger),
    "young": DateTime(timezone=True),
    "thirty": Interval,
    "zone": Text,
    "campuses": ARRAY(BigInteger),
    "buildings": ARRAY(BigInteger),
    "categories": ARRAY(BigInteger),
    "weekday": Integer,
    "campus": BigInteger,
    "building": BigInteger,
    "trade": BigInteger,
    "crew": BigInteger,
    "crew_people": ARRAY(BigInteger),
    "crew_ids": ARRAY(BigInteger),
    "crew_since": ARRAY(Date),
    "crew_until": ARRAY(Date),
    "cursor_at": DateTime(timezone=True),
    "cursor_id": BigInteger,
    "limit": Integer,
}


@dataclass(frozen=True, slots=True)
class Report:
    """Sums by figure: of all rows, and of each group by its key (a month `2026-11`, an id; None: none of them)."""

    total: dict[Figure, Sums]
    groups: dict[str | None, dict[Figure, Sums]]


def statement(sql: str, asked: Asked, **more: Any) -> tuple[Any, dict[str, Any]]:
    """The statement with its parameters typed, and the values of those it has."""
    given = {**asked.values, **more}
    made = text(sql)
    named = {name: given[name] for name in given if name in made._bindparams}
    return made.bindparams(*(bindparam(name, type_=TYPES[name]) for name in named)), named


def report(asked: Asked, by: By | None, only: Sequence[Figure] = tuple(Figure)) -> Report:
    """Every figure, or `only` some, in all and by group; a statement for each source of rows they need.

    By crew, or of one, it is asked once besides who was of which.
    """
    found = Report({}, {})
    for source in SOURCES:
        figures = [figure for figure in only if PARTS[figure].source == source]
        for row in _summed(source, figures, asked, by) if figures else ():
            into = found.total if row["whole_report"] else found.groups.setdefault(row["key"], {})
            into.update({figure: _sums(row, figure) for figure in figures})
    return found


def one(figure: Figure, asked: Asked, by: By | None = None) -> Report:
    """One figure alone, in all and by group; as many statements as `report` takes for one source."""
    found = report(asked, by, (figure,))
    for key in [key for key, sums in found.groups.items() if not sums[figure].rows]:
        del found.groups[key]
    return found


def by_weekday(figure: Figure, asked: Asked) -> Any:
    """How many rows of a figure fall on each weekday (0 is Monday) in each building: (key, weekday, rows)."""
    part = PARTS[figure]
    sql = f"""
    SELECT {KEYS[By.BUILDING]} AS key, CAST(extract(isodow FROM day) AS integer) - 1 AS weekday, count(*) AS rows
    FROM ({rows(part.source, asked)}) kept
    WHERE {part.where}
    GROUP BY 1, 2"""  # noqa: S608 - fragments of our own; values are parameters
    made, named = statement(sql, asked)
    return db.session.execute(made, named).all()


def _summed(source: str, figures: list[Figure], asked: Asked, by: By | None) -> Any:
    key = KEYS[by] if by else "NULL"
    columns = ",\n".join(_columns(figure.value, PARTS[figure]) for figure in figures)
    sql = f"""
    SELECT key, grouping(key) = 1 AS whole_report,
    {columns}
    FROM (SELECT {key} AS key, kept.* FROM ({rows(source, asked, by_crew=by is By.CREW)}) kept) r
    GROUP BY GROUPING SETS ((){", (key)" if by else ""})"""  # noqa: S608 - fragments of our own; values are parameters
    if not by:
        sql = sql.replace("grouping(key) = 1", "true").replace("SELECT key, true", "SELECT NULL AS key, true")
    made, named = statement(sql, asked)
    return db.session.execute(made, named).mappings()


def _columns(number: str, part: Part) -> str:
    """The sums of one figure, their names with its own at the end."""
    of = f"FILTER (WHERE {part.where})"
    found = [
        f"count(*) {of} AS rows_{number}",
        f"coalesce(sum({part.part}) {of}, 0) AS part_{number}",
        f"coalesce(sum({part.whole}) {of}, 0) AS whole_{number}",
    ]
    if part.provisional != "false":
        found.append(f"count(*) FILTER (WHERE {part.where} AND {part.provisional}) AS provisional_{number}")
    if part.excused != "false":
        found.append(f"count(*) FILTER (WHERE {part.where} AND {part.excused}) AS excused_{number}")
    for name, length in (("work", part.work), ("raw", part.raw)):
        if not length.startswith("NULL"):
            found.append(f"avg({length}) {of} AS {name}_mean_{number}")
            quantiles = f"percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {length}) {of}"
            found.append(f"{quantiles} AS {name}_quantiles_{number}")
    if not part.score.startswith("NULL"):
        found.append(f"avg({part.score}) {of} AS score_{number}")
    return ", ".join(found)


def _sums(row: Any, figure: Figure) -> Sums:
    number = figure.value
    score = row.get(f"score_{number}")
    return Sums(
        rows=row[f"rows_{number}"],
        part=int(row[f"part_{number}"]),
        whole=int(row[f"whole_{number}"]),
        provisional=row.get(f"provisional_{number}") or 0,
        excused=row.get(f"excused_{number}") or 0,
        work=_lengths(row, "work", number),
        raw=_lengths(row, "raw", number),
        score=None if score is None else float(score),
    )


def _lengths(row: Any, name: str, number: str) -> Lengths:
    mean, quantiles = row.get(f"{name}_mean_{number}"), row.get(f"{name}_quantiles_{number}") or (None, None)
    return Lengths(mean=None if mean is None else float(mean), median=quantiles[0], p90=quantiles[1])


def names(by: By, keys: list[str | None]) -> dict[str, Any]:
    """What the groups are called: a place's name, or words; one statement, none for months."""
    ids = [int(key) for key in keys if key is not None] if by is not By.MONTH else []
    if not ids:
        return {}
    table: Any = {By.BUILDING: Place, By.TRADE: Trade, By.CREW: Crew, By.CATEGORY: Category}[by]
    found = db.session.execute(select(table.id, table.name).where(table.id.in_(ids)))
    return {str(row.id): row.name for row in found}
