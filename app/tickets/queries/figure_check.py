"""Whether the kept rows of figures are those of the history: the proof of `services.settling`, for operators."""

from __future__ import annotations

from app.core.db import db
from app.tickets.queries import figure_settled
from app.tickets.queries.figure_rows import Asked
from app.tickets.queries.figure_sources import SOURCES, derived
from app.tickets.queries.figures import statement


def differing(asked: Asked) -> dict[str, int]:
    """How many rows of each source are kept and not in the history, or the other way round, on the days asked for.

    Requests something happened to since the mark are left out: of those nothing kept is used. One statement a source.
    """
    found = {}
    for source in SOURCES:
        sql = f"""
            WITH kept AS ({figure_settled.kept(source)}), history AS (
                SELECT r.* FROM ({derived(source, tickets=None)}) r
                WHERE r.day BETWEEN :first AND :last AND r.ticket_id <> ALL (:unsettled)
            )
            SELECT count(*) FROM (
                (TABLE kept EXCEPT ALL TABLE history) UNION ALL (TABLE history EXCEPT ALL TABLE kept)
            ) r"""  # noqa: S608 - fragments of our own; values are parameters
        made, named = statement(sql, asked)
        found[source] = db.session.scalar(made, named) or 0
    return found
