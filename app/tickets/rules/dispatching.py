"""Who is offered a work order, and why (tickets-rules 37, 39–44, N2).

Start here; this module also offers the names of `eligibility` and `scoring`. `rank` is a pure function of the order,
the crew as it is now and the settings; what it returns is stored with the offer, shown on the page and by the API, so
everything needed to explain the choice is in it. Another rule takes its place by another `VERSION`; the shape of the
answer stays, and what an older rule stored can still be read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app.tickets.rules import scoring
from app.tickets.rules.eligibility import (
    EMERGENCY,
    EXCLUSION_LABELS,
    OVERRIDABLE,
    Exclusion,
    Job,
    ManualCheck,
    OfferTimes,
    Stand,
    Technician,
    check_manual,
    exclusions,
)
from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.scoring import CRITERION_LABELS, USUAL_WEIGHTS, Criterion, DispatchSettings, Part

__all__ = [
    "CRITERION_LABELS",
    "EMERGENCY",
    "EXCLUSION_LABELS",
    "FACTOR_LABELS",
    "OVERRIDABLE",
    "PRIORITY_ORDER",
    "USUAL_WEIGHTS",
    "VERSION",
    "Candidate",
    "Criterion",
    "DispatchSettings",
    "Excluded",
    "Exclusion",
    "Factor",
    "Job",
    "ManualCheck",
    "OfferTimes",
    "Part",
    "Ranking",
    "Stand",
    "Technician",
    "Why",
    "check_manual",
    "exclusions",
    "rank",
]

VERSION: Final = "score-1"
"""The rule by which an offer was made; stored with it. `simple-1` (fewest open orders) came before."""

PRIORITY_ORDER: Final = ("emergency", "high", "normal", "low")


class Factor(StrEnum):
    """What is said about a candidate, for the explanation. `FEWEST_OPEN` was said by the rule `simple-1` only."""

    FEWEST_OPEN = "fewest_open"
    LEVEL = "level"
    IN_BUILDING = "in_building"
    ON_FOOT = "on_foot"
    ELSEWHERE = "elsewhere"
    OTHER_CAMPUS = "other_campus"
    EMPTY_HANDS = "empty_hands"
    IN_HAND = "in_hand"
    SHIFT_UNTIL = "shift_until"
    VISITED = "visited"
    LAST_OFFER = "last_offer"
    NEVER_OFFERED = "never_offered"
    DID_IT_BEFORE = "did_it_before"


FACTOR_LABELS: Final[dict[Factor, str]] = {
    Factor.FEWEST_OPEN: gettext_noop("%(open)s open orders, at most %(cap)s"),
    Factor.LEVEL: gettext_noop("level %(level)s of 3"),
    Factor.IN_BUILDING: gettext_noop("already in this building"),
    Factor.ON_FOOT: gettext_noop("at %(place)s, %(minutes)s on foot"),
    Factor.ELSEWHERE: gettext_noop("last at %(place)s"),
    Factor.OTHER_CAMPUS: gettext_noop("at %(place)s, on another campus"),
    Factor.EMPTY_HANDS: gettext_noop("nothing in hand"),
    Factor.IN_HAND: gettext_noop("%(minutes)s of work in hand (%(open)s of %(cap)s orders)"),
    Factor.SHIFT_UNTIL: gettext_noop("on shift until %(until)s"),
    Factor.VISITED: gettext_noop("was here for this fault before"),
    Factor.LAST_OFFER: gettext_noop("last offer %(at)s"),
    Factor.NEVER_OFFERED: gettext_noop("no offer so far"),
    Factor.DID_IT_BEFORE: gettext_noop("did the work that was not fixed"),
}
"""Message ids; `%(…)s` are the reason's values: `at`, `until` instants, `minutes` a length of time."""


@dataclass(frozen=True, slots=True)
class Why:
    """One part of the explanation: a factor and its values (plain JSON values; instants as RFC 3339 text)."""

    factor: Factor
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who can be offered the order; `score` is 0–100, more is better; `parts` are its figures (41)."""

    person_id: int
    score: float
    reasons: tuple[Why, ...]
    parts: tuple[Part, ...] = ()


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

    @property
    def people(self) -> list[int]:
        """Everybody it speaks of."""
        return [*(one.person_id for one in self.candidates), *(one.person_id for one in self.excluded)]

    def as_data(self) -> dict[str, Any]:
        """Plain JSON, as stored with the offer (43)."""
        return {
            "version": self.version,
            "candidates": [
                {
                    "person_id": one.person_id,
                    "score": one.score,
                    "parts": [
                        {"criterion": part.criterion.value, "n": part.n, "weight": part.weight} for part in one.parts
                    ],
                    "reasons": [{"factor": why.factor.value, "values": dict(why.values)} for why in one.reasons],
                }
                for one in self.candidates
            ],
            "excluded": [{"person_id": one.person_id, "reason": one.reason.value} for one in self.excluded],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Ranking":
        """The ranking stored as `data`, by this rule or the one before.

        Raises KeyError or ValueError for anything `as_data` never wrote.
        """
        return cls(
            data["version"],
            tuple(
                Candidate(
                    one["person_id"],
                    one["score"],
                    tuple(Why(Factor(why["factor"]), why["values"]) for why in one["reasons"]),
                    tuple(
                        Part(Criterion(part["criterion"]), part["n"], part["weight"]) for part in one.get("parts", ())
                    ),
                )
                for one in data["candidates"]
            ),
            tuple(Excluded(one["person_id"], Exclusion(one["reason"])) for one in data["excluded"]),
        )


def rank(job: Job, technicians: Iterable[Technician], now: datetime, settings: DispatchSettings) -> Ranking:
    """Who can be offered `job` now, best first, and who cannot.

    By score, ties by less load, longer since the last offer (never offered first), lower id (42). For a rework order
    whoever did not do the work goes before whoever did (44). A dry run is the same call; nothing is written here.
    """
    eligible: list[tuple[Technician, Candidate]] = []
    excluded: list[Excluded] = []
    for person in technicians:
        against = exclusions(job, person, now, settings)
        if against:
            excluded.append(Excluded(person.person_id, against[0]))
        else:
            eligible.append((person, _candidate(job, person, now, settings)))
    eligible.sort(key=lambda pair: _key(job, *pair))
    return Ranking(
        VERSION,
        tuple(candidate for _person, candidate in eligible),
        tuple(sorted(excluded, key=lambda one: one.person_id)),
    )


def _candidate(job: Job, person: Technician, now: datetime, settings: DispatchSettings) -> Candidate:
    parts = scoring.measure(job, person, now, settings)
    return Candidate(person.person_id, scoring.score(parts), tuple(_reasons(job, person, now)), parts)


def _key(job: Job, person: Technician, candidate: Candidate) -> tuple[bool, float, int, bool, float, int]:
    last = person.last_offered_at
    return (
        job.did_it_before(person.person_id),
        -candidate.score,
        person.minutes_held,
        last is not None,
        last.timestamp() if last is not None else 0.0,
        person.person_id,
    )


def _reasons(job: Job, person: Technician, now: datetime) -> Iterable[Why]:
    yield Why(Factor.LEVEL, {"level": person.level(job.trade)})
    yield from _whereabouts(job, person)
    if person.open_orders:
        held = {"minutes": person.minutes_held, "open": person.open_orders, "cap": person.cap}
        yield Why(Factor.IN_HAND, held)
    else:
        yield Why(Factor.EMPTY_HANDS)
    ends = person.duty_ends(now, on_call=job.emergency)
    if ends is not None and ends - now < timedelta(days=1):
        yield Why(Factor.SHIFT_UNTIL, {"until": ends.isoformat()})
    if person.person_id in job.visitors:
        yield Why(Factor.VISITED)
    if person.last_offered_at is None:
        yield Why(Factor.NEVER_OFFERED)
    else:
        yield Why(Factor.LAST_OFFER, {"at": person.last_offered_at.isoformat()})
    if job.did_it_before(person.person_id):
        yield Why(Factor.DID_IT_BEFORE)


def _whereabouts(job: Job, person: Technician) -> Iterable[Why]:
    """Where he is, as far as it is known and bears on the choice."""
    if scoring.is_in_building(job, person):
        yield Why(Factor.IN_BUILDING)
        return
    if person.stand is None:
        return
    walk, place = scoring.walk_to(job, person), {"place": person.stand.name}
    if walk is not None:
        yield Why(Factor.ON_FOOT, {**place, "minutes": walk})
    elif scoring.is_on_another_campus(job, person):
        yield Why(Factor.OTHER_CAMPUS, place)
    elif person.stand.name:
        yield Why(Factor.ELSEWHERE, place)
