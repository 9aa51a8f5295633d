"""What a row of a transition table is made of (tickets-rules 1, 2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeVar

from app.tickets.rules.messages import gettext_noop


class Who(StrEnum):
    """The parts people and the system play towards one ticket or order; the letters of the tables."""

    REPORTER = "R"
    QR = "QR"
    DISPATCHER = "S"
    OFFERED = "O"
    HOLDER = "A"
    CREW = "C"
    THIRD_PARTY = "V"
    SYSTEM = "Y"


WHO_LABELS: Final[dict[Who, str]] = {
    Who.REPORTER: gettext_noop("reporter or his contact"),
    Who.QR: gettext_noop("anybody with the sticker's link"),
    Who.DISPATCHER: gettext_noop("dispatcher or supervisor"),
    Who.OFFERED: gettext_noop("person it is offered to"),
    Who.HOLDER: gettext_noop("holder of the order"),
    Who.CREW: gettext_noop("technician who could be offered it"),
    Who.THIRD_PARTY: gettext_noop("accepting third party"),
    Who.SYSTEM: gettext_noop("the system"),
}


class Feature(StrEnum):
    """Parts of the product whose rows stand in the tables and work only when the part is switched on."""

    MERGE = "merge"
    POOL = "pool"
    THIRD_PARTY = "third_party"


FEATURES_ON: Final[frozenset[Feature]] = frozenset({Feature.MERGE, Feature.POOL, Feature.THIRD_PARTY})
"""The features that are switched on in this version."""

ALL_FEATURES: Final[frozenset[Feature]] = frozenset(Feature)


class Guard(StrEnum):
    """What a row demands. `guards.check` says whether it is met and what to say when it is not."""

    PLACE_OR_TEXT = "place_or_text"
    CATEGORY = "category"
    AUTOMATIC = "automatic"
    QUESTION = "question"
    NONE_BEYOND_OFFERED = "none_beyond_offered"
    ANSWER = "answer"
    WAITED_14_DAYS = "waited_14_days"
    REMINDED_TWICE = "reminded_twice"
    REASON = "reason"
    UNTOUCHED = "untouched"
    UNTOUCHED_OR_STRANDED = "untouched_or_stranded"
    REJECTED_WITHIN_30_DAYS = "rejected_within_30_days"
    WITHIN_30_DAYS = "within_30_days"
    ORIGINAL_OPEN = "original_open"
    NO_FOLLOWER = "no_follower"
    FIRST_ACCEPTED = "first_accepted"
    ALL_DONE = "all_done"
    NO_THIRD_PARTY = "no_third_party"
    THIRD_PARTY = "third_party"
    WAITED_7_DAYS = "waited_7_days"
    TEXT_OR_PHOTO = "text_or_photo"
    TRADE = "trade"
    PLANNED_MINUTES = "planned_minutes"
    DEPENDENCIES_OVER = "dependencies_over"
    WINDOW_NEAR = "window_near"
    ELIGIBLE = "eligible"
    ANOTHER_PERSON = "another_person"
    OFFERED_UNTIL = "offered_until"
    STILL_OFFERED = "still_offered"
    POOLED = "pooled"
    UNTIL = "until"
    CARD_OR_WINDOW = "card_or_window"
    TICKET_NEEDS_INFO = "ticket_needs_info"
    SCAN = "scan"
    PERSON = "person"
    NOBODY_ASSIGNED = "nobody_assigned"
    UNTIL_REACHED = "until_reached"
    NOTE = "note"
    CHECKLIST = "checklist"
    PHOTOS = "photos"
    CODE = "code"
    SIGNATURE = "signature"
    TRUE_TIME = "true_time"
    TICKET_CLOSED = "ticket_closed"
    NAMED_BY_NOT_FIXED = "named_by_not_fixed"
    NO_OPEN_TIMER = "no_open_timer"
    NO_UNRETURNED_PART = "no_unreturned_part"


class Effect(StrEnum):
    """What else happens with a row, in the same transaction. The value is the wording of the documentation."""

    CLOCKS_START = "respond, restore and promise start"
    RESPOND_STOPS = "respond stops"
    CLOCKS_PAUSE = "running clocks pause"
    CLOCKS_RUN = "clocks run"
    CLOCKS_VOID = "running clocks void"
    RESTORE_STOPS = "restore stops"
    PROMISE_MOVES = "promise moved by the wait"
    OPEN_ORDERS = "orders opened where there are none"
    SUSPEND_ORDERS = "offers revoked, orders planned"
    QUEUE_ORDERS = "orders queued again"
    CANCEL_ORDERS = "open orders cancelled"
    VERIFY_ORDERS = "done orders verified and closed"
    NEW_CYCLE = "new cycle, new clocks"
    REWORK_ORDER = "rework order planned for the supervisor"
    CLOSE_REWORKED = "named order closed as reworked"
    TELL_HOLDER = "holder told"
    ASK_REPORTER = "reporter asked whether it is repaired"
    CLOSING_TIMER = "closes by itself after 7 × 24 h"
    COUNTS_AS_DEFAULT = "`by: default`, never counted as praise"
    NO_BLAME = "no effect on satisfaction"
    DISPATCH_RUNS = "dispatch and arrive start or run on"
    DISPATCH_STANDS = "dispatch stands"
    DISPATCH_FINAL = "dispatch final"
    ARRIVE_STOPS = "arrive stops"
    ARRIVE_STOPS_AT_DOOR = "from en_route for access or reporter_absent: arrive stops"
    PAUSE_BY_REASON = "clocks pause by reason"
    TICKET_IN_SERVICE = "ticket in service"
    FIRST_OFFER_ENDS = "the first offer ends with the same event, both told"
    NEXT_CANDIDATE = "next candidate; an offer by a dispatcher goes back to the dispatcher"
    RELEASE = "assignment released, timer closed"
    KEEP_LATE_WORK = "what the first sends later is kept, marked late"
    TELL_BOTH = "both told"
    HOLD_ENDS = "hold ends"
    TIMERS_CLOSE = "open timers closed"
    RESOLVE_IF_LAST = "if last: ticket resolved"
    RESULT_REWORKED = "result: reworked"


@dataclass(frozen=True, slots=True)
class Need:
    """A demand; `by` narrows it to some of those who may act (None: whoever acts)."""

    guard: Guard
    by: frozenset[Who] | None = None


@dataclass(frozen=True, slots=True)
class Does:
    """An effect; `by` narrows it as in `Need`."""

    effect: Effect
    by: frozenset[Who] | None = None


State = TypeVar("State", bound=StrEnum)
Act = TypeVar("Act", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Generic[State, Act]):
    """One line of a transition table.

    `froms` is empty for the act that creates the thing. `to` is None where the act leads back: then `back` says for
    each state it left from where it returns to. `rule` names the places in tickets-rules.
    """

    act: Act
    froms: tuple[State, ...]
    to: State | None
    who: frozenset[Who]
    needs: tuple[Need, ...] = ()
    does: tuple[Does, ...] = ()
    back: Mapping[State, State] = field(default_factory=dict, hash=False)
    feature: Feature | None = None
    rule: str = ""

    def enabled(self, features: frozenset[Feature] = FEATURES_ON) -> bool:
        """Whether the row's feature is among those switched on."""
        return self.feature is None or self.feature in features

    def starts_from(self, state: State | None) -> bool:
        """Whether the row can be used in `state`; None: the thing does not exist yet."""
        return state in self.froms if state is not None else not self.froms

    def demands(self, who: Who) -> tuple[Guard, ...]:
        """The guards to be met when `who` acts, in the order of the table."""
        return tuple(need.guard for need in self.needs if need.by is None or who in need.by)

    def effects(self, who: Who) -> tuple[Effect, ...]:
        """The effects when `who` acts."""
        return tuple(does.effect for does in self.does if does.by is None or who in does.by)

    def target(self, before: State | None = None) -> State:
        """The state the row leads to; `before` is the state the thing was in before it came here.

        Raises ValueError where the row leads back and `before` is not one it can lead back to.
        """
        if self.to is not None:
            return self.to
        if before is None or before not in self.back:
            raise ValueError(f"{self.act} leads back, and not to {before}")
        return self.back[before]

    @property
    def targets(self) -> tuple[State, ...]:
        """Every state the row can lead to."""
        return (self.to,) if self.to is not None else tuple(dict.fromkeys(self.back.values()))
