"""How well an order suits somebody: six figures between 0 and 1, weighed into one score (tickets-rules 41, 42).

Each figure has fixed bounds that are settings, never the other candidates: a score says the same today and tomorrow,
and nobody's changes because somebody else came on shift.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.tickets.rules.eligibility import Job, OfferTimes, Technician
from app.tickets.rules.messages import gettext_noop

ANOTHER_BUILDING: Final = 0.5
"""The distance figure where the way is not known, on the same campus or from nobody knows where (42)."""
ANOTHER_CAMPUS: Final = 0.0
SHOWN_DIGITS: Final = 1
"""Scores are compared as they are shown, so that whoever reads two equal scores sees a tie."""


class Criterion(StrEnum):
    """What a score weighs; in the order in which a bar shows it."""

    SKILL = "skill"
    DISTANCE = "distance"
    LOAD = "load"
    REST_OF_SHIFT = "rest_of_shift"
    SAME_BUILDING = "same_building"
    VISITED = "visited"


CRITERION_LABELS: Final[dict[Criterion, str]] = {
    Criterion.SKILL: gettext_noop("Skill"),
    Criterion.DISTANCE: gettext_noop("Distance"),
    Criterion.LOAD: gettext_noop("Load"),
    Criterion.REST_OF_SHIFT: gettext_noop("Shift"),
    Criterion.SAME_BUILDING: gettext_noop("Same building"),
    Criterion.VISITED: gettext_noop("Was here before"),
}

USUAL_WEIGHTS: Final[dict[Criterion, int]] = {
    Criterion.SKILL: 30,
    Criterion.DISTANCE: 25,
    Criterion.LOAD: 25,
    Criterion.REST_OF_SHIFT: 10,
    Criterion.SAME_BUILDING: 5,
    Criterion.VISITED: 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchSettings(OfferTimes):
    """The institution's choices: times of offers, weights, and the walk and the load at which a figure reaches 0."""

    weights: Mapping[Criterion, int] = field(default_factory=lambda: dict(USUAL_WEIGHTS), hash=False)
    walk_minutes: int = 30
    load_minutes: int = 480


@dataclass(frozen=True, slots=True)
class Part:
    """One figure of a score: `n` in [0, 1] and the weight it had."""

    criterion: Criterion
    n: float
    weight: int


def measure(job: Job, person: Technician, now: datetime, settings: DispatchSettings) -> tuple[Part, ...]:
    """The figures of a candidate, all of them, in the order of `Criterion`."""
    here = is_in_building(job, person)
    found = {
        Criterion.SKILL: (person.level(job.trade) - 1) / 2,
        Criterion.DISTANCE: _distance(job, person, settings),
        Criterion.LOAD: 1 - person.minutes_held / settings.load_minutes,
        Criterion.REST_OF_SHIFT: _rest(job, person, now),
        Criterion.SAME_BUILDING: float(here),
        Criterion.VISITED: float(person.person_id in job.visitors),
    }
    return tuple(Part(each, round(_clipped(found[each]), 4), settings.weights.get(each, 0)) for each in Criterion)


def score(parts: tuple[Part, ...]) -> float:
    """100 · Σ w·n / Σ w, as shown; 0 where nothing weighs anything."""
    weight = sum(part.weight for part in parts)
    if not weight:
        return 0.0
    return round(100 * sum(part.weight * part.n for part in parts) / weight, SHOWN_DIGITS)


def is_in_building(job: Job, person: Technician) -> bool:
    """Whether he is in the order's building, or holds an order there."""
    if job.building is None:
        return False
    return job.building in person.buildings or (person.stand is not None and person.stand.building == job.building)


def walk_to(job: Job, person: Technician) -> float | None:
    """The minutes on foot from where he is to the order's building; None where they are not known."""
    if person.stand is None or person.stand.building is None or job.building is None:
        return None
    return 0.0 if person.stand.building == job.building else job.walks.get(person.stand.building)


def is_on_another_campus(job: Job, person: Technician) -> bool:
    """Whether he is known to be on another campus than the order."""
    stand = person.stand
    return stand is not None and None not in (stand.campus, job.campus) and stand.campus != job.campus


def _distance(job: Job, person: Technician, settings: DispatchSettings) -> float:
    walk = walk_to(job, person)
    if walk is not None:
        return 1 - walk / settings.walk_minutes
    return ANOTHER_CAMPUS if is_on_another_campus(job, person) else ANOTHER_BUILDING


def _rest(job: Job, person: Technician, now: datetime) -> float:
    """How much of the work fits into the rest of the shift."""
    ends = person.duty_ends(now, on_call=job.emergency)
    return 0.0 if ends is None else (ends - now).total_seconds() / 60 / job.planned_minutes


def _clipped(n: float) -> float:
    return min(1.0, max(0.0, n))
