"""The ticket's transition table, complete (tickets-rules 1). Nothing else is legal."""

from enum import StrEnum
from typing import Final

from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.rows import Does, Effect, Feature, Guard, Need, Row, Who
from app.tickets.rules.states import TicketStatus


class TicketAct(StrEnum):
    """What can be done to a ticket; also the `kind` of the event that records it."""

    FILE = "file"
    ACCEPT = "accept"
    ASK = "ask"
    ANSWER = "answer"
    NO_ANSWER = "no_answer"
    REJECT = "reject"
    RECONSIDER = "reconsider"
    MERGE = "merge"
    UNMERGE = "unmerge"
    WITHDRAW = "withdraw"
    ORDER_ACCEPTED = "order_accepted"
    ALL_DONE = "all_done"
    CONFIRM = "confirm"
    ACCEPT_THIRD = "accept_third"
    DEFAULT = "default"
    NOT_FIXED = "not_fixed"


TicketRow = Row[TicketStatus, TicketAct]

_S = TicketStatus
_BY_S = frozenset({Who.DISPATCHER})
_BY_Y = frozenset({Who.SYSTEM})
_BEFORE_SERVICE_ENDS: Final = (_S.SUBMITTED, _S.NEEDS_INFO, _S.ACCEPTED, _S.IN_SERVICE)
_BACK_FROM_END: Final = {
    _S.SUBMITTED: _S.SUBMITTED,
    _S.NEEDS_INFO: _S.NEEDS_INFO,
    _S.ACCEPTED: _S.ACCEPTED,
    _S.IN_SERVICE: _S.ACCEPTED,
}
_CLOSED_EFFECTS: Final = (Does(Effect.VERIFY_ORDERS),)

TICKET_TABLE: Final[tuple[TicketRow, ...]] = (
    Row(
        act=TicketAct.FILE,
        froms=(),
        to=_S.SUBMITTED,
        who=frozenset({Who.REPORTER, Who.DISPATCHER, Who.SYSTEM, Who.QR}),
        needs=(Need(Guard.PLACE_OR_TEXT), Need(Guard.CATEGORY)),
        does=(Does(Effect.CLOCKS_START),),
    ),
    Row(
        act=TicketAct.ACCEPT,
        froms=(_S.SUBMITTED,),
        to=_S.ACCEPTED,
        who=frozenset({Who.SYSTEM, Who.DISPATCHER}),
        needs=(Need(Guard.AUTOMATIC, by=_BY_Y),),
        does=(Does(Effect.OPEN_ORDERS), Does(Effect.RESPOND_STOPS, by=_BY_S)),
    ),
    Row(
        act=TicketAct.ASK,
        froms=(_S.SUBMITTED, _S.ACCEPTED),
        to=_S.NEEDS_INFO,
        who=_BY_S,
        needs=(Need(Guard.QUESTION), Need(Guard.NONE_BEYOND_OFFERED)),
        does=(Does(Effect.RESPOND_STOPS), Does(Effect.CLOCKS_PAUSE), Does(Effect.SUSPEND_ORDERS)),
    ),
    Row(
        act=TicketAct.ANSWER,
        froms=(_S.NEEDS_INFO,),
        to=None,
        back={_S.SUBMITTED: _S.SUBMITTED, _S.ACCEPTED: _S.ACCEPTED},
        who=frozenset({Who.REPORTER, Who.DISPATCHER}),
        needs=(Need(Guard.ANSWER),),
        does=(Does(Effect.CLOCKS_RUN), Does(Effect.QUEUE_ORDERS), Does(Effect.PROMISE_MOVES)),
    ),
    Row(
        act=TicketAct.NO_ANSWER,
        froms=(_S.NEEDS_INFO,),
        to=_S.REJECTED,
        who=_BY_Y,
        needs=(Need(Guard.WAITED_14_DAYS), Need(Guard.REMINDED_TWICE)),
        does=(Does(Effect.CANCEL_ORDERS), Does(Effect.CLOCKS_VOID)),
    ),
    Row(
        act=TicketAct.REJECT,
        froms=_BEFORE_SERVICE_ENDS,
        to=_S.REJECTED,
        who=_BY_S,
        needs=(Need(Guard.REASON), Need(Guard.UNTOUCHED_OR_STRANDED)),
        does=(
            Does(Effect.CANCEL_ORDERS),
            Does(Effect.TELL_HOLDER),
            Does(Effect.RESPOND_STOPS),
            Does(Effect.CLOCKS_VOID),
        ),
        rule="N3",
    ),
    Row(
        act=TicketAct.RECONSIDER,
        froms=(_S.REJECTED,),
        to=None,
        back=_BACK_FROM_END,
        who=_BY_S,
        needs=(Need(Guard.REASON), Need(Guard.REJECTED_WITHIN_30_DAYS)),
        does=(Does(Effect.CLOCKS_RUN), Does(Effect.OPEN_ORDERS)),
    ),
    Row(
        act=TicketAct.MERGE,
        froms=_BEFORE_SERVICE_ENDS,
        to=_S.DUPLICATE,
        who=_BY_S,
        needs=(Need(Guard.ORIGINAL_OPEN), Need(Guard.UNTOUCHED)),
        does=(Does(Effect.CANCEL_ORDERS), Does(Effect.RESPOND_STOPS), Does(Effect.CLOCKS_PAUSE)),
        feature=Feature.MERGE,
        rule="N7",
    ),
    Row(
        act=TicketAct.UNMERGE,
        froms=(_S.DUPLICATE,),
        to=None,
        back=_BACK_FROM_END,
        who=_BY_S,
        needs=(Need(Guard.REASON),),
        does=(Does(Effect.CLOCKS_RUN), Does(Effect.OPEN_ORDERS)),
        feature=Feature.MERGE,
        rule="N7",
    ),
    Row(
        act=TicketAct.WITHDRAW,
        froms=_BEFORE_SERVICE_ENDS,
        to=_S.WITHDRAWN,
        who=frozenset({Who.REPORTER, Who.DISPATCHER}),
        needs=(Need(Guard.UNTOUCHED), Need(Guard.NO_FOLLOWER)),
        does=(Does(Effect.CANCEL_ORDERS), Does(Effect.TELL_HOLDER), Does(Effect.CLOCKS_VOID)),
        rule="N8",
    ),
    Row(
        act=TicketAct.ORDER_ACCEPTED,
        froms=(_S.ACCEPTED,),
        to=_S.IN_SERVICE,
        who=_BY_Y,
        needs=(Need(Guard.FIRST_ACCEPTED),),
    ),
    Row(
        act=TicketAct.ALL_DONE,
        froms=(_S.IN_SERVICE,),
        to=_S.RESOLVED,
        who=_BY_Y,
        needs=(Need(Guard.ALL_DONE),),
        does=(Does(Effect.RESTORE_STOPS), Does(Effect.ASK_REPORTER), Does(Effect.CLOSING_TIMER)),
        rule="N3",
    ),
    Row(
        act=TicketAct.CONFIRM,
        froms=(_S.RESOLVED,),
        to=_S.CLOSED,
        who=frozenset({Who.REPORTER}),
        needs=(Need(Guard.NO_THIRD_PARTY),),
        does=_CLOSED_EFFECTS,
        rule="N9",
    ),
    Row(
        act=TicketAct.ACCEPT_THIRD,
        froms=(_S.RESOLVED,),
        to=_S.CLOSED,
        who=frozenset({Who.THIRD_PARTY}),
        needs=(Need(Guard.THIRD_PARTY),),
        does=_CLOSED_EFFECTS,
        feature=Feature.THIRD_PARTY,
        rule="N9",
    ),
    Row(
        act=TicketAct.DEFAULT,
        froms=(_S.RESOLVED,),
        to=_S.CLOSED,
        who=_BY_Y,
        needs=(Need(Guard.WAITED_7_DAYS),),
        does=(*_CLOSED_EFFECTS, Does(Effect.COUNTS_AS_DEFAULT)),
        rule="N6, N9",
    ),
    Row(
        act=TicketAct.NOT_FIXED,
        froms=(_S.RESOLVED, _S.CLOSED),
        to=_S.IN_SERVICE,
        who=frozenset({Who.REPORTER, Who.THIRD_PARTY, Who.DISPATCHER}),
        needs=(Need(Guard.WITHIN_30_DAYS), Need(Guard.TEXT_OR_PHOTO)),
        does=(
            Does(Effect.NEW_CYCLE),
            Does(Effect.REWORK_ORDER),
            Does(Effect.CLOSE_REWORKED),
            Does(Effect.NO_BLAME, by=_BY_S),
        ),
        rule="N9, 7, 44",
    ),
)

TICKET_ACT_LABELS: Final[dict[TicketAct, str]] = {
    TicketAct.FILE: gettext_noop("Send the request"),
    TicketAct.ACCEPT: gettext_noop("Take the request on"),
    TicketAct.ASK: gettext_noop("Ask the reporter"),
    TicketAct.ANSWER: gettext_noop("Answer"),
    TicketAct.NO_ANSWER: gettext_noop("Close for want of an answer"),
    TicketAct.REJECT: gettext_noop("Reject"),
    TicketAct.RECONSIDER: gettext_noop("Take it up again"),
    TicketAct.MERGE: gettext_noop("Merge"),
    TicketAct.UNMERGE: gettext_noop("Undo the merge"),
    TicketAct.WITHDRAW: gettext_noop("Withdraw"),
    TicketAct.ORDER_ACCEPTED: gettext_noop("First order taken"),
    TicketAct.ALL_DONE: gettext_noop("All orders done"),
    TicketAct.CONFIRM: gettext_noop("It is fixed"),
    TicketAct.ACCEPT_THIRD: gettext_noop("Accept the work"),
    TicketAct.DEFAULT: gettext_noop("Close after 7 days"),
    TicketAct.NOT_FIXED: gettext_noop("Not fixed"),
}
"""What a button says."""

TICKET_EVENT_LABELS: Final[dict[TicketAct, str]] = {
    TicketAct.FILE: gettext_noop("Request sent"),
    TicketAct.ACCEPT: gettext_noop("Request accepted"),
    TicketAct.ASK: gettext_noop("Question asked"),
    TicketAct.ANSWER: gettext_noop("Question answered"),
    TicketAct.NO_ANSWER: gettext_noop("Not taken on: no answer for 14 days"),
    TicketAct.REJECT: gettext_noop("Request not taken on"),
    TicketAct.RECONSIDER: gettext_noop("Request taken up again"),
    TicketAct.MERGE: gettext_noop("Merged into another request"),
    TicketAct.UNMERGE: gettext_noop("Merge undone"),
    TicketAct.WITHDRAW: gettext_noop("Request withdrawn"),
    TicketAct.ORDER_ACCEPTED: gettext_noop("A technician has taken it"),
    TicketAct.ALL_DONE: gettext_noop("Work finished"),
    TicketAct.CONFIRM: gettext_noop("Confirmed as fixed"),
    TicketAct.ACCEPT_THIRD: gettext_noop("Work accepted"),
    TicketAct.DEFAULT: gettext_noop("Closed after 7 days without an answer"),
    TicketAct.NOT_FIXED: gettext_noop("Reported as not fixed"),
}
"""What the timeline says afterwards."""
