"""Which column of the board an order can be moved to, by which act: what dragging, the menu and the keys share.

The acts are those of the transition table (tickets-rules 2) that a dispatcher makes; the table itself judges again.
"""

from __future__ import annotations

from typing import Final

from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.states import OrderState

QUEUED, OFFERED, WORK, HOLD, WAITS = "queued", "offered", "work", "hold", "waits"
ASKS: Final = frozenset({"assign", "hold", "revoke"})
"""Moves that ask something first: to whom, why and until when, why."""

_S = OrderState
_MOVES: Final[dict[OrderState, dict[str, str]]] = {
    _S.QUEUED: {OFFERED: "assign", HOLD: "hold"},
    _S.OFFERED: {QUEUED: "revoke"},
    _S.ACCEPTED: {OFFERED: "assign", HOLD: "hold"},
    _S.EN_ROUTE: {OFFERED: "assign", HOLD: "hold"},
    _S.WORKING: {OFFERED: "assign", HOLD: "hold"},
}


def moves(state: OrderState, *, held: bool) -> dict[str, str]:
    """The columns an order can be moved to, each with the act; `held`: somebody has it."""
    if state is _S.ON_HOLD:
        return {OFFERED: "assign"} if held else {QUEUED: "requeue"}
    return dict(_MOVES.get(state, {}))


WHY_NOT: Final[dict[str, str]] = {
    WAITS: gettext_noop("Requests wait there, not orders. Cancel the order if a person must look at the request."),
    QUEUED: gettext_noop("Whoever holds the order gives it back himself; give it to somebody else instead."),
    OFFERED: gettext_noop("Nobody can be offered it from where it is; take it to the queue first."),
    WORK: gettext_noop("Whoever is offered the order accepts and starts it himself."),
    HOLD: gettext_noop("An offered order cannot be put on hold; take the offer back first."),
}
"""Why an order that cannot be moved to a column cannot."""
