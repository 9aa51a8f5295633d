"""Whether the kept rows of figures are those of the history: the proof of `services.settling`, for operators."""

from __future__ import annotations

from app.core.db import db
from app.tickets.queries import figure_settled
from app.tickets.queries.figure_rows import Asked
from app.tickets.queries.figure_sources import SOURCES, columns, derived
from app.tickets.queries.figures import statement


def differing(asked: Asked) -> dict[str, int]:
    """How many rows of each source are kept and not in the history, or the other way round, on the days asked for.

    Requests something happened to since the mark are left out: of those nothing kept is used. One statement a source.
    """
    found = {}
    for source in SOURCES:
        kept = f"SELECT {columns(source)} FROM ({figure_settled.kept(source)}) r"  # noqa: S608 - as below
        history = f"""
            SELECT {columns(source)} FROM ({derived(source, tickets=None)}) r
            WHERE r.day BETWEEN :first AND :last AND r.ticket_id <> ALL (:unsettled)"""  # noqa: S608 - as below
        sql = f"""
            SELECT count(*) FROM (
                (({kept}) EXCEPT ALL ({history})) UNION ALL (({history}) EXCEPT ALL ({kept}))
            ) r"""  # noqa: S608 - fragments of our own; values are parameters
        made, named = statement(sql, asked)
        found[source] = db.session.scalar(made, named) or 0
    return found
