"""Who is offered a work order, and why (tickets-rules 37, 39–44, N2).

`rank` is a pure function of the order, the crew as it is now and the settings; what it returns is stored with the
offer, shown on the page and by the API, so everything needed to explain the choice is in it. This is the simple rule:
eligible people by fewest open orders, then longest without an offer, then lower id. Another rule takes its place by
another `VERSION` and another score; the shape of the answer stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app.tickets.rules.deadlines import offer_ends
from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.shifts import Span, on_duty_until, overlaps

VERSION: Final = "simple-1"
"""The rule by which an offer was made; stored with it."""

EMERGENCY: Final = "emergency"
PRIORITY_ORDER: Final = ("emergency", "high", "normal", "low")


class Exclusion(StrEnum):
    """Why somebody cannot be offered an order; in the order in which they are looked for.

    Having been asked comes last: whoever is left out for it alone could be asked again in a new round.
    """

    ACCOUNT_ENDED = "account_ended"
    WRONG_TRADE = "wrong_trade"
    OUT_OF_ZONE = "out_of_zone"
    ABSENT = "absent"
    OFF_SHIFT = "off_shift"
    SHIFT_ENDS = "shift_ends"
    AT_CAP = "at_cap"
    OFFERED_THIS_ROUND = "offered_this_round"


EXCLUSION_LABELS: Final[dict[Exclusion, str]] = {
    Exclusion.ACCOUNT_ENDED: gettext_noop("no valid account today"),
    Exclusion.WRONG_TRADE: gettext_noop("another trade"),
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


class Factor(StrEnum):
    """What a score is made of, for the explanation."""

    FEWEST_OPEN = "fewest_open"
    LAST_OFFER = "last_offer"
    NEVER_OFFERED = "never_offered"
    SHIFT_UNTIL = "shift_until"
    DID_IT_BEFORE = "did_it_before"


FACTOR_LABELS: Final[dict[Factor, str]] = {
    Factor.FEWEST_OPEN: gettext_noop("%(open)s open orders, at most %(cap)s"),
    Factor.LAST_OFFER: gettext_noop("last offer %(at)s"),
    Factor.NEVER_OFFERED: gettext_noop("no offer so far"),
    Factor.SHIFT_UNTIL: gettext_noop("on shift until %(until)s"),
    Factor.DID_IT_BEFORE: gettext_noop("did the work that was not fixed"),
}
"""Message ids; `%(…)s` are the reason's values (`at`, `until`: instants, to be shown in the reader's zone)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What of a work order matters for choosing somebody.

    `places` are the ids of its place and of all places above it. `offered` are the people already asked in this
    round. `did_before` are those who did the work a rework order mends (44). `place_known` is False for a place
    described in words only, which is never dispatched automatically (44).
    """

    id: int
    trade: str
    places: frozenset[int]
    priority: str = "normal"
    offered: frozenset[int] = frozenset()
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
class Technician:
    """Somebody as he is now. `zones` are the ids of the places he serves, with all below them.

    `open_orders` counts offered + accepted … on_hold (an outstanding offer is load, 40); `shifts` are the spans of
    his duty shifts, `on_call` those of his on-call ones, `absences` those of his absences.
    """

    person_id: int
    trades: frozenset[str]
    zones: frozenset[int]
    cap: int
    open_orders: int = 0
    shifts: tuple[Span, ...] = ()
    on_call: tuple[Span, ...] = ()
    absences: tuple[Span, ...] = ()
    last_offered_at: datetime | None = None
    account_valid: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchSettings:
    """The institution's choices; minutes are raw minutes (38)."""

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


@dataclass(frozen=True, slots=True)
class Why:
    """One part of the explanation: a factor and its values (plain JSON values; instants as RFC 3339 text)."""

    factor: Factor
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who can be offered the order; `score` is 0–100, more is better, rounded for showing only."""

    person_id: int
    score: float
    reasons: tuple[Why, ...]


@dataclass(frozen=True, slots=True)
class Excluded:
    """Somebody who cannot, with the first reason found."""

    person_id: int
    reason: Exclusion


@dataclass(frozen=True, slots=True)
class Ranking:
    """The answer of `rank`: candidates best first, the excluded by id."""

    version: str
    candidates: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]

    @property
    def best(self) -> Candidate | None:
        """The one to be offered the order; None: nobody."""
        return self.candidates[0] if self.candidates else None

    def as_data(self) -> dict[str, Any]:
        """Plain JSON, as stored with the offer (43)."""
        return {
            "version": self.version,
            "candidates": [
                {
                    "person_id": candidate.person_id,
                    "score": candidate.score,
                    "reasons": [{"factor": why.factor.value, "values": dict(why.values)} for why in candidate.reasons],
                }
                for candidate in self.candidates
            ],
            "excluded": [{"person_id": one.person_id, "reason": one.reason.value} for one in self.excluded],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Ranking":
        """The ranking stored as `data`. Raises KeyError or ValueError for anything `as_data` did not write."""
        return cls(
            data["version"],
            tuple(
                Candidate(
                    one["person_id"],
                    one["score"],
                    tuple(Why(Factor(why["factor"]), why["values"]) for why in one["reasons"]),
                )
                for one in data["candidates"]
            ),
            tuple(Excluded(one["person_id"], Exclusion(one["reason"])) for one in data["excluded"]),
        )


def exclusions(job: Job, person: Technician, now: datetime, settings: DispatchSettings) -> tuple[Exclusion, ...]:
    """Everything that speaks against offering `job` to `person` now; empty: eligible (37)."""
    until = settings.offered_until(job, now)
    ends = _duty_ends(job, person, now)
    found = {
        Exclusion.ACCOUNT_ENDED: not person.account_valid,
        Exclusion.WRONG_TRADE: job.trade not in person.trades,
        Exclusion.OUT_OF_ZONE: job.place_known and not job.places & person.zones,
        Exclusion.ABSENT: any(overlaps(absence, now, until) for absence in person.absences),
        Exclusion.OFF_SHIFT: ends is None,
        Exclusion.SHIFT_ENDS: ends is not None and ends <= until,
        Exclusion.AT_CAP: person.open_orders >= person.cap,
        Exclusion.OFFERED_THIS_ROUND: person.person_id in job.offered,
    }
    return tuple(reason for reason in Exclusion if found[reason])


def _duty_ends(job: Job, person: Technician, now: datetime) -> datetime | None:
    """The end of the shift `person` is on; in an emergency on-call shifts count too. None: not on shift."""
    spans = person.shifts + person.on_call if job.emergency else person.shifts
    return on_duty_until(spans, now)


def rank(job: Job, technicians: Iterable[Technician], now: datetime, settings: DispatchSettings) -> Ranking:
    """Who can be offered `job` now, best first, and who cannot.

    Fewest open orders, then longest without an offer (never offered first), then lower id. For a rework order
    whoever did not do the work goes before whoever did (44). A dry run is the same call; nothing is written here.
    """
    eligible: list[Technician] = []
    excluded: list[Excluded] = []
    for person in technicians:
        against = exclusions(job, person, now, settings)
        if against:
            excluded.append(Excluded(person.person_id, against[0]))
        else:
            eligible.append(person)
    eligible.sort(key=lambda person: _key(job, person))
    return Ranking(
        VERSION,
        tuple(Candidate(person.person_id, _score(job, person), _reasons(job, person, now)) for person in eligible),
        tuple(sorted(excluded, key=lambda one: one.person_id)),
    )


def _key(job: Job, person: Technician) -> tuple[bool, int, bool, float, int]:
    last = person.last_offered_at
    return (
        job.did_it_before(person.person_id),
        person.open_orders,
        last is not None,
        last.timestamp() if last is not None else 0.0,
        person.person_id,
    )


def _score(job: Job, person: Technician) -> float:
    """100 with empty hands, less with each open order; never by the pool, so that scores of two days compare.

    For rework, half of it is for not having done the work before.
    """
    load = 1 / (1 + person.open_orders)
    if not job.rework:
        return round(100 * load, 1)
    fresh = not job.did_it_before(person.person_id)
    return round(50 * fresh + 50 * load, 1)


def _reasons(job: Job, person: Technician, now: datetime) -> tuple[Why, ...]:
    found = [Why(Factor.FEWEST_OPEN, {"open": person.open_orders, "cap": person.cap})]
    if person.last_offered_at is None:
        found.append(Why(Factor.NEVER_OFFERED))
    else:
        found.append(Why(Factor.LAST_OFFER, {"at": person.last_offered_at.isoformat()}))
    ends = _duty_ends(job, person, now)
    if ends is not None and ends - now < timedelta(days=1):
        found.append(Why(Factor.SHIFT_UNTIL, {"until": ends.isoformat()}))
    if job.did_it_before(person.person_id):
        found.append(Why(Factor.DID_IT_BEFORE))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ManualCheck:
    """What speaks against a person a dispatcher has chosen: `never` refuses, `with_reason` asks for a reason."""

    never: tuple[Exclusion, ...]
    with_reason: tuple[Exclusion, ...]

    def allowed(self, *, reason_given: bool) -> bool:
        """Whether the assignment may go ahead."""
        return not self.never and (reason_given or not self.with_reason)


def check_manual(job: Job, person: Technician, now: datetime, settings: DispatchSettings) -> ManualCheck:
    """The same checks for a manual assignment (N2): shift and cap yield to a reason, the rest never.

    Somebody asked before in this round may be asked again by hand.
    """
    against = [one for one in exclusions(job, person, now, settings) if one not in _AUTOMATIC_ONLY]
    return ManualCheck(
        tuple(one for one in against if one not in OVERRIDABLE),
        tuple(one for one in against if one in OVERRIDABLE),
    )


def serving_key(priority: str, due_at: datetime | None, number: str) -> tuple[int, bool, float, str]:
    """Sort key of waiting orders (40): priority, then due (none last), then number.

    A priority that is not known is served with the normal ones.
    """
    rank_of = PRIORITY_ORDER.index(priority) if priority in PRIORITY_ORDER else PRIORITY_ORDER.index("normal")
    return (rank_of, due_at is None, due_at.timestamp() if due_at is not None else 0.0, number)


def serving_order(waiting: Sequence[tuple[int, str, datetime | None, str]]) -> list[int]:
    """The ids of waiting orders, given as (id, priority, due, number), in the order in which they are served (40)."""
    return [one[0] for one in sorted(waiting, key=lambda one: serving_key(one[1], one[2], one[3]))]
