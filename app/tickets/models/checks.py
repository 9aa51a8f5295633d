"""CHECK conditions made from the rules, so that the database knows no state the tables do not know."""

from __future__ import annotations

from collections.abc import Iterable

from app.tickets.rules import workflow


def one_of(column: str, values: Iterable[str]) -> str:
    """`column IN ('a', 'b')`; the values are codes of our own rules, never input."""
    listed = ", ".join(f"'{value!s}'" for value in values)
    return f"{column} IN ({listed})"


def legal_moves() -> str:
    """The condition on an event: both states null (a remark), or a move the tables have."""
    ticket = _moves(workflow.ticket_moves())
    order = _moves(workflow.order_moves())
    return (
        "(from_state IS NULL AND to_state IS NULL) "
        f"OR (order_id IS NULL AND (kind || ':' || coalesce(from_state, '') || ':' || to_state) IN ({ticket})) "
        f"OR (order_id IS NOT NULL AND (kind || ':' || coalesce(from_state, '') || ':' || to_state) IN ({order}))"
    )


def _moves(moves: Iterable[tuple[str, str | None, str]]) -> str:
    return ", ".join(f"'{act}:{start or ''}:{to}'" for act, start, to in dict.fromkeys(moves))
