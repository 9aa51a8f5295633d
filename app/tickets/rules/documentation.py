"""The transition tables as Markdown, for the documentation; written from the rows, so it cannot say anything else."""

from enum import StrEnum
from typing import Final

from app.tickets.rules.order_table import ORDER_TABLE, OrderRow
from app.tickets.rules.rows import FEATURES_ON, WHO_LABELS, Feature, Who
from app.tickets.rules.ticket_table import TICKET_TABLE, TicketRow

_HEAD: Final = "| From | Act | To | Who | Demands | Effects | Rules |\n|---|---|---|---|---|---|---|\n"


def documentation(features: frozenset[Feature] = FEATURES_ON) -> str:
    """Both tables and the letters they use, in English; rows that are switched off are marked as such."""
    letters = "\n".join(f"- **{who.value}** {label}" for who, label in WHO_LABELS.items())
    return (
        "# Transitions of tickets and work orders\n\n"
        "Written from the tables in `app/tickets/rules`; nothing else is legal.\n\n"
        f"Who:\n\n{letters}\n\n"
        f"## Ticket\n\n{_table(TICKET_TABLE, features)}\n"
        f"## Work order\n\n{_table(ORDER_TABLE, features)}"
    )


def _table(rows: tuple[TicketRow, ...] | tuple[OrderRow, ...], features: frozenset[Feature]) -> str:
    return _HEAD + "".join(_line(row, features) for row in rows)


def _line(row: TicketRow | OrderRow, features: frozenset[Feature]) -> str:
    act = f"`{row.act.value}`"
    if not row.enabled(features):
        act += f" (with {row.feature})"
    cells = (
        ", ".join(_code(state) for state in row.froms) or "–",
        act,
        _to(row),
        ", ".join(who.value for who in Who if who in row.who),
        _demands(row) or "–",
        "; ".join(_by(does.effect.value, does.by) for does in row.does) or "–",
        row.rule or "–",
    )
    return f"| {' | '.join(cells)} |\n"


def _to(row: TicketRow | OrderRow) -> str:
    if row.to is not None:
        return _code(row.to)
    moved = [f"from {_code(start)} to {_code(to)}" for start, to in row.back.items() if start != to]
    return "state before" + (f" ({', '.join(moved)})" if moved else "")


def _demands(row: TicketRow | OrderRow) -> str:
    return "; ".join(_by(need.guard.value.replace("_", " "), need.by) for need in row.needs)


def _by(words: str, by: frozenset[Who] | None) -> str:
    return words if by is None else f"{words} (by {', '.join(who.value for who in Who if who in by)})"


def _code(state: StrEnum) -> str:
    return f"`{state.value}`"
