"""The reasons an act may or must give (tickets-rules 1, 2, 5).

A *closed* list takes its codes only, because something hangs on the code (the clocks on a hold's reason, the words
told to the reporter on a rejection's). An *open* list offers its codes and takes any sentence besides.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.order_table import OrderAct
from app.tickets.rules.ticket_table import TicketAct

OTHER: Final = "other"
"""The code of a reason that no list names; pages ask for words beside it."""
TO_POOL: Final = "to_pool"
"""Why an offer is taken back whose order goes into the pool."""
REASON_LIMIT: Final = 500
"""Longest reason in words, in characters."""


RECLASSIFIED: Final = "reclassified"
"""The reason with which orders of the old trade end when a request is corrected."""


class HoldReason(StrEnum):
    """Why work stands still; decides which clocks pause (5) and what else the hold demands."""

    PARTS = "parts"
    WEATHER = "weather"
    ACCESS = "access"
    REPORTER_ABSENT = "reporter_absent"
    OTHER_TRADE = "other_trade"
    APPROVAL = "approval"


HOLD_NEEDS_UNTIL: Final = frozenset({HoldReason.PARTS, HoldReason.APPROVAL, HoldReason.WEATHER, HoldReason.OTHER_TRADE})
HOLD_NEEDS_CARD: Final = frozenset({HoldReason.REPORTER_ABSENT})


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the code stored with the event and the message id shown for it."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons of one act; `closed` means nothing else is taken."""

    items: tuple[Reason, ...]
    closed: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes in the order in which they are offered."""
        return tuple(item.code for item in self.items)


_OTHER: Final = Reason(OTHER, gettext_noop("Another reason"))
_NONE: Final = Reasons(())

OVERRIDE_REASONS: Final = Reasons(
    (
        Reason("urgent", gettext_noop("It cannot wait")),
        Reason("agreed", gettext_noop("Agreed with the person")),
        _OTHER,
    )
)
"""Why shift or cap are overridden in a manual assignment (N2)."""

_TICKET_REASONS: Final[dict[TicketAct, Reasons]] = {
    TicketAct.REJECT: Reasons(
        (
            Reason("not_ours", gettext_noop("Not ours to repair")),
            Reason("no_fault", gettext_noop("No fault found")),
            Reason("refused", gettext_noop("Cannot be done")),
            Reason("referred", gettext_noop("Referred to another office")),
        ),
        closed=True,
    ),
    TicketAct.RECONSIDER: Reasons(
        (
            Reason("decided_wrongly", gettext_noop("The decision was wrong")),
            Reason("new_facts", gettext_noop("New facts came in")),
            _OTHER,
        )
    ),
    TicketAct.UNMERGE: Reasons((Reason("different_fault", gettext_noop("It is a different fault")), _OTHER)),
}

_ORDER_REASONS: Final[dict[OrderAct, Reasons]] = {
    OrderAct.OFFER: OVERRIDE_REASONS,
    OrderAct.DECLINE: Reasons(
        (
            Reason("busy", gettext_noop("Too much to do")),
            Reason("too_far", gettext_noop("Too far away")),
            Reason("not_my_trade", gettext_noop("Not my trade")),
            Reason("no_tools", gettext_noop("Tools or parts are missing")),
            Reason("unwell", gettext_noop("Unwell")),
            _OTHER,
        )
    ),
    OrderAct.REVOKE: Reasons(
        (
            Reason("other_person", gettext_noop("Somebody else will do it")),
            Reason("absent", gettext_noop("The person is absent")),
            Reason("order_changed", gettext_noop("The order has changed")),
            Reason(TO_POOL, gettext_noop("It goes into the pool")),
            _OTHER,
        )
    ),
    OrderAct.HOLD: Reasons(
        (
            Reason(HoldReason.PARTS.value, gettext_noop("Waiting for parts")),
            Reason(HoldReason.ACCESS.value, gettext_noop("No access")),
            Reason(HoldReason.REPORTER_ABSENT.value, gettext_noop("Nobody in")),
            Reason(HoldReason.WEATHER.value, gettext_noop("Weather")),
            Reason(HoldReason.OTHER_TRADE.value, gettext_noop("Another trade comes first")),
            Reason(HoldReason.APPROVAL.value, gettext_noop("Waiting for approval")),
        ),
        closed=True,
    ),
    OrderAct.START: Reasons(
        (
            Reason("sticker_gone", gettext_noop("The sticker is missing or cannot be read")),
            Reason("other_room", gettext_noop("The fault is in another room than reported")),
            _OTHER,
        )
    ),
    OrderAct.GIVE_BACK: Reasons(
        (
            Reason("shift_ends", gettext_noop("My shift ends")),
            Reason("not_my_trade", gettext_noop("Not my trade")),
            Reason("no_tools", gettext_noop("Tools or parts are missing")),
            Reason("needs_two", gettext_noop("It takes two people")),
            Reason("unwell", gettext_noop("Unwell")),
            _OTHER,
        )
    ),
    OrderAct.REASSIGN: Reasons(
        (
            Reason("absent", gettext_noop("The person is absent")),
            Reason("balance", gettext_noop("To share the work more evenly")),
            Reason("better_suited", gettext_noop("Somebody else is better suited")),
            _OTHER,
        )
    ),
    OrderAct.DONE: Reasons(
        (
            Reason("no_phone", gettext_noop("The technician could not report it")),
            Reason("reported_by_phone", gettext_noop("Reported by telephone")),
            _OTHER,
        )
    ),
    OrderAct.CANCEL: Reasons(
        (
            Reason("not_needed", gettext_noop("No longer needed")),
            Reason("by_mistake", gettext_noop("Opened by mistake")),
            Reason("ticket_rejected", gettext_noop("The request was not taken on")),
            Reason("ticket_withdrawn", gettext_noop("The request was withdrawn")),
            Reason("ticket_duplicate", gettext_noop("The request was merged into another")),
            Reason("no_answer", gettext_noop("The question was not answered")),
            Reason(RECLASSIFIED, gettext_noop("The request needs another trade")),
            _OTHER,
        )
    ),
}

_SAID_TOO: Final[dict[TicketAct | OrderAct, Reasons]] = {
    OrderAct.OFFER: _ORDER_REASONS[OrderAct.REASSIGN],
    OrderAct.REASSIGN: OVERRIDE_REASONS,
}
"""An order may be taken from somebody and the shift of the next be overridden in one step: one reason says both."""

SYSTEM_CANCEL: Final[dict[TicketAct, str]] = {
    TicketAct.REJECT: "ticket_rejected",
    TicketAct.WITHDRAW: "ticket_withdrawn",
    TicketAct.MERGE: "ticket_duplicate",
    TicketAct.NO_ANSWER: "no_answer",
}
"""The reason with which a ticket's end cancels its open orders."""

_BY_THE_SYSTEM_ONLY: Final = frozenset({*SYSTEM_CANCEL.values(), RECLASSIFIED, TO_POOL})


def reasons(act: TicketAct | OrderAct) -> Reasons:
    """The reasons of `act`; none where the act knows none."""
    if isinstance(act, TicketAct):
        return _TICKET_REASONS.get(act, _NONE)
    return _ORDER_REASONS.get(act, _NONE)


def choices(act: TicketAct | OrderAct) -> tuple[Reason, ...]:
    """The reasons a person may choose from in a form: without those only the system gives."""
    return tuple(item for item in reasons(act).items if item.code not in _BY_THE_SYSTEM_ONLY)


def read_reason(act: TicketAct | OrderAct, given: str | None) -> str | None:
    """The reason to store for what somebody gave: a code of the list, else (open list) his own words.

    A code is recognised in any letter case, with spaces or hyphens. None when nothing was given, or when the list is
    closed and does not hold it, or when the words are longer than `REASON_LIMIT`.
    """
    words = (given or "").strip()
    if not words or len(words) > REASON_LIMIT:
        return None
    known = reasons(act)
    code = words.lower().replace(" ", "_").replace("-", "_")
    if code in known.codes:
        return code
    return None if known.closed else words


def reason_label(act: TicketAct | OrderAct, stored: str) -> str:
    """The message id of a stored reason, or the reason itself where it is somebody's own words."""
    for item in (*reasons(act).items, *_SAID_TOO.get(act, _NONE).items):
        if item.code == stored:
            return item.label
    return stored
