"""The life of tickets and work orders: two tables of transitions and the questions asked of them.

Start here; this module also offers the names the tables are written in. The tables themselves are `ticket_table` and
`order_table`; they feed the services, the buttons, the API, the documentation and the CHECK constraints, so nothing
else in the product repeats which act is legal when.
"""

from collections.abc import Collection, Iterable
from typing import Final

from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.order_table import (
    ORDER_ACT_LABELS,
    ORDER_EVENT_LABELS,
    ORDER_TABLE,
    OrderAct,
    OrderRow,
)
from app.tickets.rules.reasons import (
    OVERRIDE_REASONS,
    SYSTEM_CANCEL,
    HoldReason,
    Reason,
    Reasons,
    choices,
    read_reason,
    reason_label,
    reasons,
)
from app.tickets.rules.rows import ALL_FEATURES, FEATURES_ON, WHO_LABELS, Effect, Feature, Guard, Row, Who
from app.tickets.rules.states import (
    ORDER_ENDS,
    ORDER_FINISHED,
    ORDER_HELD,
    ORDER_LABELS,
    ORDER_LOAD,
    ORDER_OPEN,
    TICKET_ENDS,
    TICKET_FINISHED,
    TICKET_LABELS,
    TICKET_MOVING,
    TICKET_OPEN,
    TICKET_STAFF_LABELS,
    OrderState,
    TicketStatus,
)
from app.tickets.rules.ticket_table import (
    TICKET_ACT_LABELS,
    TICKET_EVENT_LABELS,
    TICKET_TABLE,
    TicketAct,
    TicketRow,
)

__all__ = [
    "ALL_FEATURES",
    "FEATURES_ON",
    "ORDER_ACT_LABELS",
    "ORDER_ENDS",
    "ORDER_EVENT_LABELS",
    "ORDER_FINISHED",
    "ORDER_HELD",
    "ORDER_LABELS",
    "ORDER_LOAD",
    "ORDER_OPEN",
    "ORDER_TABLE",
    "OVERRIDE_REASONS",
    "SYSTEM_CANCEL",
    "TICKET_ACT_LABELS",
    "TICKET_ENDS",
    "TICKET_EVENT_LABELS",
    "TICKET_FINISHED",
    "TICKET_LABELS",
    "TICKET_MOVING",
    "TICKET_OPEN",
    "TICKET_STAFF_LABELS",
    "TICKET_TABLE",
    "WHO_LABELS",
    "Effect",
    "Feature",
    "Guard",
    "HoldReason",
    "OrderAct",
    "OrderRow",
    "OrderState",
    "Reason",
    "Reasons",
    "Row",
    "TicketAct",
    "TicketRow",
    "TicketStatus",
    "TransitionRefused",
    "Who",
    "choices",
    "order_acts",
    "order_for_target",
    "order_moves",
    "order_transition",
    "read_reason",
    "reason_label",
    "reasons",
    "ticket_acts",
    "ticket_moves",
    "ticket_transition",
]

TICKET_API_ACTS: Final = (
    TicketAct.ACCEPT,
    TicketAct.ASK,
    TicketAct.ANSWER,
    TicketAct.REJECT,
    TicketAct.RECONSIDER,
    TicketAct.ACCEPT_THIRD,
)
"""What `POST /tickets/{id}/transitions` takes as `act`; the other acts of people have addresses of their own."""

ORDER_API_TARGETS: Final = (
    "accepted",
    "declined",
    "en_route",
    "working",
    "on_hold",
    "done",
    "queued",
    "cancelled",
)
"""What `POST /work-orders/{id}/transitions` takes as `to`: states, and "declined", which is an act."""

_ORDER_API_ACTS: Final[dict[str, tuple[OrderAct, ...]]] = {
    "accepted": (OrderAct.ACCEPT, OrderAct.GRAB),
    "declined": (OrderAct.DECLINE,),
    "en_route": (OrderAct.LEAVE,),
    "working": (OrderAct.START,),
    "on_hold": (OrderAct.HOLD,),
    "done": (OrderAct.DONE,),
    "queued": (OrderAct.GIVE_BACK, OrderAct.REQUEUE, OrderAct.REVOKE, OrderAct.QUEUE),
    "cancelled": (OrderAct.CANCEL,),
}

_NOT_FROM_HERE: Final = gettext_noop("This is not possible now: it has moved on in the meantime. Look at it again.")
_ONLY_OFFERED: Final = gettext_noop(
    "The order is only offered so far; first it has to be accepted, or the offer taken back."
)
_SWITCHED_OFF: Final = gettext_noop("This is not available here.")
_TICKET_STANDS: Final = gettext_noop("The order cannot move while its request is not in service.")


class TransitionRefused(Exception):
    """The tables do not have this move. `message` is a message id, `code` one of the class's constants."""

    NOT_FROM_HERE = "not_from_here"
    SWITCHED_OFF = "switched_off"
    TICKET_STANDS = "ticket_stands"

    _MESSAGES: Final = {
        NOT_FROM_HERE: _NOT_FROM_HERE,
        SWITCHED_OFF: _SWITCHED_OFF,
        TICKET_STANDS: _TICKET_STANDS,
    }

    def __init__(self, code: str, state: str | None, act: str) -> None:
        super().__init__(f"{act} from {state}: {code}")
        self.code = code
        self.state = state
        self.act = act
        only_offered = code == self.NOT_FROM_HERE and state == OrderState.OFFERED
        self.message = _ONLY_OFFERED if only_offered else self._MESSAGES[code]


_TICKET_ROWS: Final[dict[tuple[TicketStatus | None, TicketAct], TicketRow]] = {
    (status, row.act): row for row in TICKET_TABLE for status in row.froms or (None,)
}
_ORDER_ROWS: Final[dict[tuple[OrderState | None, OrderAct], OrderRow]] = {
    (state, row.act): row for row in ORDER_TABLE for state in row.froms or (None,)
}

_WHILE_TICKET_STANDS: Final = frozenset({OrderAct.SUSPEND, OrderAct.CANCEL, OrderAct.VERIFY, OrderAct.CLOSE})


def ticket_transition(
    status: TicketStatus | None, act: TicketAct, features: frozenset[Feature] = FEATURES_ON
) -> TicketRow:
    """The row for doing `act` to a ticket that is `status` (None: not filed yet). Raises TransitionRefused."""
    row = _TICKET_ROWS.get((status, act))
    if row is None:
        raise TransitionRefused(TransitionRefused.NOT_FROM_HERE, status, act)
    if not row.enabled(features):
        raise TransitionRefused(TransitionRefused.SWITCHED_OFF, status, act)
    return row


def order_transition(
    state: OrderState | None,
    act: OrderAct,
    features: frozenset[Feature] = FEATURES_ON,
    *,
    ticket: TicketStatus | None,
) -> OrderRow:
    """The row for doing `act` to an order that is `state`; `ticket` is its ticket's status (None: it has no ticket).

    Raises TransitionRefused, with TICKET_STANDS where only the ticket is in the way.
    """
    row = _ORDER_ROWS.get((state, act))
    if row is None:
        raise TransitionRefused(TransitionRefused.NOT_FROM_HERE, state, act)
    if not row.enabled(features):
        raise TransitionRefused(TransitionRefused.SWITCHED_OFF, state, act)
    if not order_may_move(act, ticket):
        raise TransitionRefused(TransitionRefused.TICKET_STANDS, state, act)
    return row


def order_may_move(act: OrderAct, ticket: TicketStatus | None) -> bool:
    """Orders move only while their ticket is accepted or in service; suspend, cancel, verify, close excepted."""
    return ticket is None or ticket in TICKET_MOVING or act in _WHILE_TICKET_STANDS


def ticket_acts(
    status: TicketStatus | None, roles: Collection[Who], features: frozenset[Feature] = FEATURES_ON
) -> list[TicketRow]:
    """The rows somebody playing `roles` can use on a ticket in `status`, in the order of the table."""
    return [row for row in TICKET_TABLE if row.starts_from(status) and row.enabled(features) and row.who & set(roles)]


def order_acts(
    state: OrderState | None,
    roles: Collection[Who],
    features: frozenset[Feature] = FEATURES_ON,
    *,
    ticket: TicketStatus | None,
) -> list[OrderRow]:
    """The rows somebody playing `roles` can use on an order in `state`, in the order of the table."""
    return [
        row
        for row in ORDER_TABLE
        if row.starts_from(state) and row.enabled(features) and row.who & set(roles) and order_may_move(row.act, ticket)
    ]


def order_for_target(
    state: OrderState,
    to: str,
    roles: Collection[Who],
    features: frozenset[Feature] = FEATURES_ON,
    *,
    ticket: TicketStatus | None,
) -> OrderRow:
    """The row meant by the API's `to` for somebody playing `roles`.

    Raises TransitionRefused where the tables have no such move from `state`. Where they have one for other people
    only, that row is returned: the caller then refuses for want of the right, not of the move.
    """
    found: list[OrderRow] = []
    code = TransitionRefused.NOT_FROM_HERE
    for act in _ORDER_API_ACTS.get(to, ()):
        try:
            found.append(order_transition(state, act, features, ticket=ticket))
        except TransitionRefused as refused:
            if refused.code == TransitionRefused.TICKET_STANDS:
                code = refused.code
    for row in found:
        if row.who & set(roles):
            return row
    if found:
        return found[0]
    raise TransitionRefused(code, state, to)


def ticket_moves() -> tuple[tuple[str, str | None, str], ...]:
    """Every legal (act, from, to) of a ticket, for the CHECK of its events; `from` is None for filing."""
    return _moves(TICKET_TABLE)


def order_moves() -> tuple[tuple[str, str | None, str], ...]:
    """Every legal (act, from, to) of an order, for the CHECK of its events; `from` is None for opening."""
    return _moves(ORDER_TABLE)


def _moves(table: Iterable[TicketRow] | Iterable[OrderRow]) -> tuple[tuple[str, str | None, str], ...]:
    moves: list[tuple[str, str | None, str]] = []
    for row in table:
        if row.to is None:
            # The way back out of a wait or an end: each state left leads to one state.
            moves += [(row.act.value, start.value, to.value) for start in row.froms for to in row.targets]
        else:
            moves += [(row.act.value, start.value, row.to.value) for start in row.froms] or [
                (row.act.value, None, row.to.value)
            ]
    return tuple(moves)
