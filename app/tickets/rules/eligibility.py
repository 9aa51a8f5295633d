"""Who may be offered a work order at all, and what a dispatcher may set aside (tickets-rules 37, N2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.tickets.rules.deadlines import offer_ends
from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.shifts import Span, on_duty_until, overlaps

EMERGENCY: Final = "emergency"
HELPER: Final = 1
"""The lowest level of a trade; the highest is 3, master."""


class Exclusion(StrEnum):
    """Why somebody cannot be offered an order; in the order in which they are looked for.

    Having been asked comes last: whoever is left out for it alone could be asked again in a new round.
    """

    ACCOUNT_ENDED = "account_ended"
    WRONG_TRADE = "wrong_trade"
    LEVEL_TOO_LOW = "level_too_low"
    NO_CERTIFICATE = "no_certificate"
    OUT_OF_ZONE = "out_of_zone"
    ABSENT = "absent"
    OFF_SHIFT = "off_shift"
    SHIFT_ENDS = "shift_ends"
    AT_CAP = "at_cap"
    OFFERED_THIS_ROUND = "offered_this_round"


EXCLUSION_LABELS: Final[dict[Exclusion, str]] = {
    Exclusion.ACCOUNT_ENDED: gettext_noop("no valid account today"),
    Exclusion.WRONG_TRADE: gettext_noop("another trade"),
    Exclusion.LEVEL_TOO_LOW: gettext_noop("level too low"),
    Exclusion.NO_CERTIFICATE: gettext_noop("a certificate is missing or has expired"),
    Exclusion.OUT_OF_ZONE: gettext_noop("another zone"),
    Exclusion.ABSENT: gettext_noop("absent"),
    Exclusion.OFF_SHIFT: gettext_noop("not on shift"),
    Exclusion.SHIFT_ENDS: gettext_noop("the shift ends before the offer would"),
    Exclusion.AT_CAP: gettext_noop("enough orders in hand"),
    Exclusion.OFFERED_THIS_ROUND: gettext_noop("already asked this time"),
}

OVERRIDABLE: Final = frozenset({Exclusion.OFF_SHIFT, Exclusion.SHIFT_ENDS, Exclusion.AT_CAP})
"""What a dispatcher may override with a reason (N2); everything else never."""

_AUTOMATIC_ONLY: Final = frozenset({Exclusion.OFFERED_THIS_ROUND})
"""What does not stand in the way of a dispatcher at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What of a work order matters for choosing somebody.

    `places` are the ids of its place and of all places above it, `building` and `campus` two of them; `walks` are the
    minutes on foot to its building from others (42). `level` and `certificates` are what its category demands.
    `offered` are the people already asked in this round, `visitors` those who worked on this fault before. `did_before`
    are those who did the work a rework order mends (44). `place_known` is False for a place described in words only,
    which is never dispatched automatically (44).
    """

    id: int
    trade: str
    places: frozenset[int]
    building: int | None = None
    campus: int | None = None
    walks: Mapping[int, float] = field(default_factory=dict, hash=False)
    level: int = HELPER
    certificates: frozenset[str] = frozenset()
    priority: str = "normal"
    planned_minutes: int = 30
    offered: frozenset[int] = frozenset()
    visitors: frozenset[int] = frozenset()
    rework: bool = False
    did_before: frozenset[int] = frozenset()
    place_known: bool = True

    @property
    def emergency(self) -> bool:
        """Whether the shorter times and the on-call shifts apply."""
        return self.priority == EMERGENCY

    def did_it_before(self, person_id: int) -> bool:
        """Whether the person did the work this order reworks."""
        return self.rework and person_id in self.did_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where somebody was last seen at work: building and campus, with the building's name for the explanation."""

    building: int | None
    campus: int | None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Technician:
    """Somebody as he is now.

    `trades` are his levels (1–3) by trade, `zones` the ids of the places he serves, with all below them.
    `open_orders` counts offered + accepted … on_hold (an outstanding offer is load, 40), `minutes_held` adds up their
    planned minutes, `buildings` are those of the orders he holds. `shifts` are the spans of his duty shifts, `on_call`
    those of his on-call ones, `absences` those of his absences. `stand` None: nobody knows where he is.
    """

    person_id: int
    trades: Mapping[str, int] = field(hash=False)
    zones: frozenset[int]
    cap: int
    certificates: frozenset[str] = frozenset()
    open_orders: int = 0
    minutes_held: int = 0
    buildings: frozenset[int] = frozenset()
    stand: Stand | None = None
    shifts: tuple[Span, ...] = ()
    on_call: tuple[Span, ...] = ()
    absences: tuple[Span, ...] = ()
    last_offered_at: datetime | None = None
    account_valid: bool = True

    def level(self, trade: str) -> int:
        """His level in a trade; 0: he does not have it."""
        return self.trades.get(trade, 0)

    def duty_ends(self, now: datetime, *, on_call: bool) -> datetime | None:
        """The end of the shift he is on, touching shifts as one; with `on_call` those count too. None: off duty."""
        return on_duty_until(self.shifts + self.on_call if on_call else self.shifts, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTimes:
    """How long an offer waits, in raw minutes, and after how many refusals the duty lead is called (38)."""

    offer_minutes: int = 10
    emergency_offer_minutes: int = 3
    refusals_before_duty_lead: int = 3
    emergency_refusals_before_duty_lead: int = 1

    def offered_until(self, job: Job, now: datetime) -> datetime:
        """When an offer of `job` made `now` expires."""
        return offer_ends(
            now,
            emergency=job.emergency,
            minutes=self.offer_minutes,
            emergency_minutes=self.emergency_offer_minutes,
        )

    def refusals_allowed(self, job: Job) -> int:
        """How many refusals call the duty lead."""
        return self.emergency_refusals_before_duty_lead if job.emergency else self.refusals_before_duty_lead


def exclusions(job: Job, person: Technician, now: datetime, times: OfferTimes) -> tuple[Exclusion, ...]:
    """Everything that speaks against offering `job` to `person` now; empty: eligible (37)."""
    until = times.offered_until(job, now)
    ends = person.duty_ends(now, on_call=job.emergency)
    level = person.level(job.trade)
    found = {
        Exclusion.ACCOUNT_ENDED: not person.account_valid,
        Exclusion.WRONG_TRADE: level == 0,
        Exclusion.LEVEL_TOO_LOW: 0 < level < job.level,
        Exclusion.NO_CERTIFICATE: not job.certificates <= person.certificates,
        Exclusion.OUT_OF_ZONE: job.place_known and not job.places & person.zones,
        Exclusion.ABSENT: any(overlaps(absence, now, until) for absence in person.absences),
        Exclusion.OFF_SHIFT: ends is None,
        Exclusion.SHIFT_ENDS: ends is not None and ends <= until,
        Exclusion.AT_CAP: person.open_orders >= person.cap,
        Exclusion.OFFERED_THIS_ROUND: person.person_id in job.offered,
    }
    return tuple(reason for reason in Exclusion if found[reason])


@dataclass(frozen=True, slots=True)
class ManualCheck:
    """What speaks against a person a dispatcher has chosen: `never` refuses, `with_reason` asks for a reason."""

    never: tuple[Exclusion, ...]
    with_reason: tuple[Exclusion, ...]

    def allowed(self, *, reason_given: bool) -> bool:
        """Whether the assignment may go ahead."""
        return not self.never and (reason_given or not self.with_reason)


def check_manual(job: Job, person: Technician, now: datetime, times: OfferTimes) -> ManualCheck:
    """The same checks for a manual assignment (N2): shift and cap yield to a reason, the rest never.

    Somebody asked before in this round may be asked again by hand.
    """
    against = [one for one in exclusions(job, person, now, times) if one not in _AUTOMATIC_ONLY]
    return ManualCheck(
        tuple(one for one in against if one not in OVERRIDABLE),
        tuple(one for one in against if one in OVERRIDABLE),
    )
