"""CHECK conditions made from the rules, so that the database knows no state the tables do not know."""

from __future__ import annotations

from collections.abc import Iterable

from app.tickets.rules import workflow
from app.tickets.rules.dispatching import EMERGENCY, PRIORITY_ORDER


def one_of(column: str, values: Iterable[str]) -> str:
    """`column IN ('a', 'b')`; the values are codes of our own rules, never input."""
    listed = ", ".join(f"'{value!s}'" for value in values)
    return f"{column} IN ({listed})"


def turn(column: str) -> str:
    """The turn of a priority as an expression, 0 first (40), as PostgreSQL spells it; lists order by the same."""
    turns = "\n".join(f"WHEN {column} = '{code}'::text THEN {at}" for at, code in enumerate(PRIORITY_ORDER))
    return f"(\nCASE\n{turns}\nELSE {len(PRIORITY_ORDER)}\nEND)"


FAR = "'9999-01-01 00:00:00+00'::timestamp with time zone"
"""Stands for no instant where open work is put in its order; the driver knows no infinity."""


def pressing(moving: str) -> str:
    """How open work presses as an expression, 0 first, as PostgreSQL spells it.

    0 an emergency or one whose reporter reminded, 1 what is due, 2 what stands still: on hold with no clock running.
    """
    return (
        f"(\nCASE\nWHEN {moving} AND (urged > 0 OR priority = '{EMERGENCY}'::text) THEN 0\n"
        f"WHEN {moving} OR due_at IS NOT NULL THEN 1\nELSE 2\nEND)"
    )


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
