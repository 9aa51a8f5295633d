"""The work order's transition table, complete (tickets-rules 2). Nothing else is legal."""

from enum import StrEnum
from typing import Final

from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.rows import Does, Effect, Feature, Guard, Need, Row, Who
from app.tickets.rules.states import OrderState


class OrderAct(StrEnum):
    """What can be done to a work order; also the `kind` of the event that records it."""

    OPEN = "open"
    QUEUE = "queue"
    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    REVOKE = "revoke"
    GRAB = "grab"
    HOLD = "hold"
    SUSPEND = "suspend"
    LEAVE = "leave"
    START = "start"
    GIVE_BACK = "give_back"
    REASSIGN = "reassign"
    REQUEUE = "requeue"
    DONE = "done"
    CANCEL = "cancel"
    VERIFY = "verify"
    REWORKED = "reworked"
    CLOSE = "close"


OrderRow = Row[OrderState, OrderAct]

_S = OrderState
_BY_S = frozenset({Who.DISPATCHER})
_BY_Y = frozenset({Who.SYSTEM})
_BY_A = frozenset({Who.HOLDER})
_BY_SY = _BY_S | _BY_Y
_TAKEN_EFFECTS: Final = (
    Does(Effect.RESPOND_STOPS),
    Does(Effect.DISPATCH_STANDS),
    Does(Effect.TICKET_IN_SERVICE),
)
_HOLD_NEEDS: Final = (Need(Guard.REASON), Need(Guard.UNTIL), Need(Guard.CARD_OR_WINDOW))

ORDER_TABLE: Final[tuple[OrderRow, ...]] = (
    Row(
        act=OrderAct.OPEN,
        froms=(),
        to=_S.PLANNED,
        who=_BY_SY,
        needs=(Need(Guard.TRADE), Need(Guard.PLANNED_MINUTES)),
    ),
    Row(
        act=OrderAct.QUEUE,
        froms=(_S.PLANNED,),
        to=_S.QUEUED,
        who=_BY_SY,
        needs=(Need(Guard.DEPENDENCIES_OVER), Need(Guard.WINDOW_NEAR)),
        does=(Does(Effect.DISPATCH_RUNS),),
        rule="3, 4",
    ),
    Row(
        act=OrderAct.OFFER,
        froms=(_S.QUEUED,),
        to=_S.OFFERED,
        who=_BY_SY,
        needs=(Need(Guard.ELIGIBLE), Need(Guard.OFFERED_UNTIL)),
        does=(Does(Effect.RESPOND_STOPS, by=_BY_S),),
        rule="37, 38, N2",
    ),
    Row(
        act=OrderAct.OFFER,
        froms=(_S.OFFERED,),
        to=_S.OFFERED,
        who=_BY_S,
        needs=(Need(Guard.ELIGIBLE), Need(Guard.ANOTHER_PERSON), Need(Guard.OFFERED_UNTIL)),
        does=(Does(Effect.RESPOND_STOPS), Does(Effect.FIRST_OFFER_ENDS)),
        rule="37, 38, N2",
    ),
    Row(
        act=OrderAct.ACCEPT,
        froms=(_S.OFFERED,),
        to=_S.ACCEPTED,
        who=frozenset({Who.OFFERED}),
        needs=(Need(Guard.STILL_OFFERED),),
        does=_TAKEN_EFFECTS,
    ),
    Row(
        act=OrderAct.DECLINE,
        froms=(_S.OFFERED,),
        to=_S.QUEUED,
        who=frozenset({Who.OFFERED}),
        needs=(Need(Guard.STILL_OFFERED), Need(Guard.REASON)),
        does=(Does(Effect.NEXT_CANDIDATE),),
        rule="38, 39",
    ),
    Row(
        act=OrderAct.EXPIRE,
        froms=(_S.OFFERED,),
        to=_S.QUEUED,
        who=_BY_Y,
        needs=(Need(Guard.UNTIL_REACHED),),
        does=(Does(Effect.NEXT_CANDIDATE),),
        rule="38, 39",
    ),
    Row(
        act=OrderAct.REVOKE,
        froms=(_S.OFFERED,),
        to=_S.QUEUED,
        who=_BY_SY,
        needs=(Need(Guard.REASON),),
        does=(Does(Effect.NEXT_CANDIDATE),),
        rule="38, 39",
    ),
    Row(
        act=OrderAct.GRAB,
        froms=(_S.QUEUED,),
        to=_S.ACCEPTED,
        who=frozenset({Who.CREW}),
        needs=(Need(Guard.POOLED), Need(Guard.ELIGIBLE)),
        does=_TAKEN_EFFECTS,
        feature=Feature.POOL,
    ),
    Row(
        act=OrderAct.HOLD,
        froms=(_S.QUEUED,),
        to=_S.ON_HOLD,
        who=_BY_S,
        needs=_HOLD_NEEDS,
        does=(Does(Effect.PAUSE_BY_REASON),),
        rule="5, N4",
    ),
    Row(
        act=OrderAct.HOLD,
        froms=(_S.ACCEPTED, _S.EN_ROUTE, _S.WORKING),
        to=_S.ON_HOLD,
        who=_BY_A | _BY_S,
        needs=_HOLD_NEEDS,
        does=(Does(Effect.PAUSE_BY_REASON), Does(Effect.ARRIVE_STOPS_AT_DOOR)),
        rule="4, 5, N4",
    ),
    Row(
        act=OrderAct.SUSPEND,
        froms=(_S.QUEUED, _S.OFFERED),
        to=_S.PLANNED,
        who=_BY_Y,
        needs=(Need(Guard.TICKET_NEEDS_INFO),),
        does=(Does(Effect.TELL_HOLDER),),
    ),
    Row(
        act=OrderAct.LEAVE,
        froms=(_S.ACCEPTED, _S.ON_HOLD),
        to=_S.EN_ROUTE,
        who=_BY_A,
        does=(Does(Effect.HOLD_ENDS),),
    ),
    Row(
        act=OrderAct.START,
        froms=(_S.ACCEPTED, _S.EN_ROUTE, _S.ON_HOLD),
        to=_S.WORKING,
        who=_BY_A,
        needs=(Need(Guard.SCAN),),
        does=(Does(Effect.ARRIVE_STOPS), Does(Effect.DISPATCH_FINAL), Does(Effect.HOLD_ENDS)),
        rule="3, 4",
    ),
    Row(
        act=OrderAct.GIVE_BACK,
        froms=(_S.ACCEPTED, _S.EN_ROUTE, _S.WORKING, _S.ON_HOLD),
        to=_S.QUEUED,
        who=_BY_A,
        needs=(Need(Guard.REASON),),
        does=(Does(Effect.RELEASE), Does(Effect.DISPATCH_RUNS)),
        rule="3",
    ),
    Row(
        act=OrderAct.REASSIGN,
        froms=(_S.ACCEPTED, _S.EN_ROUTE, _S.WORKING, _S.ON_HOLD),
        to=_S.OFFERED,
        who=_BY_S,
        needs=(
            Need(Guard.PERSON),
            Need(Guard.ELIGIBLE),
            Need(Guard.ANOTHER_PERSON),
            Need(Guard.OFFERED_UNTIL),
            Need(Guard.REASON),
        ),
        does=(
            Does(Effect.RELEASE),
            Does(Effect.DISPATCH_RUNS),
            Does(Effect.TELL_BOTH),
            Does(Effect.KEEP_LATE_WORK),
        ),
        rule="37, N2",
    ),
    Row(
        act=OrderAct.REQUEUE,
        froms=(_S.ON_HOLD,),
        to=_S.QUEUED,
        who=_BY_SY,
        needs=(Need(Guard.NOBODY_ASSIGNED), Need(Guard.UNTIL_REACHED, by=_BY_Y)),
        does=(Does(Effect.HOLD_ENDS),),
        rule="N4",
    ),
    Row(
        act=OrderAct.DONE,
        froms=(_S.WORKING,),
        to=_S.DONE,
        who=_BY_A | _BY_S,
        needs=(
            Need(Guard.NOTE),
            Need(Guard.CHECKLIST),
            Need(Guard.PHOTOS),
            Need(Guard.CODE),
            Need(Guard.SIGNATURE),
            Need(Guard.REASON, by=_BY_S),
            Need(Guard.TRUE_TIME, by=_BY_S),
        ),
        does=(Does(Effect.TIMERS_CLOSE), Does(Effect.RESOLVE_IF_LAST)),
    ),
    Row(
        act=OrderAct.CANCEL,
        froms=(_S.PLANNED, _S.QUEUED, _S.OFFERED, _S.ACCEPTED, _S.EN_ROUTE, _S.WORKING, _S.ON_HOLD),
        to=_S.CANCELLED,
        who=_BY_SY,
        needs=(Need(Guard.REASON),),
        does=(Does(Effect.TELL_HOLDER), Does(Effect.RESOLVE_IF_LAST)),
        rule="N3",
    ),
    Row(
        act=OrderAct.VERIFY,
        froms=(_S.DONE,),
        to=_S.VERIFIED,
        who=frozenset({Who.SYSTEM, Who.THIRD_PARTY, Who.DISPATCHER}),
        needs=(Need(Guard.TICKET_CLOSED),),
    ),
    Row(
        act=OrderAct.REWORKED,
        froms=(_S.DONE,),
        to=_S.CLOSED,
        who=_BY_Y,
        needs=(Need(Guard.NAMED_BY_NOT_FIXED),),
        does=(Does(Effect.RESULT_REWORKED),),
    ),
    Row(
        act=OrderAct.CLOSE,
        froms=(_S.VERIFIED,),
        to=_S.CLOSED,
        who=_BY_Y,
        needs=(Need(Guard.NO_OPEN_TIMER), Need(Guard.NO_UNRETURNED_PART)),
    ),
)

ORDER_ACT_LABELS: Final[dict[OrderAct, str]] = {
    OrderAct.OPEN: gettext_noop("Add an order"),
    OrderAct.QUEUE: gettext_noop("Send to dispatch"),
    OrderAct.OFFER: gettext_noop("Assign"),
    OrderAct.ACCEPT: gettext_noop("Take it"),
    OrderAct.DECLINE: gettext_noop("Decline"),
    OrderAct.EXPIRE: gettext_noop("Let the offer expire"),
    OrderAct.REVOKE: gettext_noop("Take the offer back"),
    OrderAct.GRAB: gettext_noop("Take it from the pool"),
    OrderAct.HOLD: gettext_noop("Put on hold"),
    OrderAct.SUSPEND: gettext_noop("Suspend"),
    OrderAct.LEAVE: gettext_noop("Set off"),
    OrderAct.START: gettext_noop("Start work"),
    OrderAct.GIVE_BACK: gettext_noop("Give back"),
    OrderAct.REASSIGN: gettext_noop("Give to somebody else"),
    OrderAct.REQUEUE: gettext_noop("End the hold"),
    OrderAct.DONE: gettext_noop("Finish"),
    OrderAct.CANCEL: gettext_noop("Cancel the order"),
    OrderAct.VERIFY: gettext_noop("Verify"),
    OrderAct.REWORKED: gettext_noop("Close as reworked"),
    OrderAct.CLOSE: gettext_noop("Close the order"),
}
"""What a button says."""

ORDER_EVENT_LABELS: Final[dict[OrderAct, str]] = {
    OrderAct.OPEN: gettext_noop("Order opened"),
    OrderAct.QUEUE: gettext_noop("Order waits for a technician"),
    OrderAct.OFFER: gettext_noop("Order offered"),
    OrderAct.ACCEPT: gettext_noop("Order taken"),
    OrderAct.DECLINE: gettext_noop("Offer declined"),
    OrderAct.EXPIRE: gettext_noop("Offer expired"),
    OrderAct.REVOKE: gettext_noop("Offer taken back"),
    OrderAct.GRAB: gettext_noop("Order taken from the pool"),
    OrderAct.HOLD: gettext_noop("Work on hold"),
    OrderAct.SUSPEND: gettext_noop("Order suspended until the question is answered"),
    OrderAct.LEAVE: gettext_noop("Technician on the way"),
    OrderAct.START: gettext_noop("Work started"),
    OrderAct.GIVE_BACK: gettext_noop("Order given back"),
    OrderAct.REASSIGN: gettext_noop("Order given to somebody else"),
    OrderAct.REQUEUE: gettext_noop("Hold ended"),
    OrderAct.DONE: gettext_noop("Work finished"),
    OrderAct.CANCEL: gettext_noop("Order cancelled"),
    OrderAct.VERIFY: gettext_noop("Work verified"),
    OrderAct.REWORKED: gettext_noop("Order closed as reworked"),
    OrderAct.CLOSE: gettext_noop("Order closed"),
}
"""What the timeline says afterwards."""
