"""Who is of which crew: of several crews at once somebody counts for the first, the one with the lowest id (34)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `since` until before `until` on which somebody is of a crew."""

    person_id: int
    crew_id: int
    since: date = date.min
    until: date = date.max


def counted(members: Iterable[Period]) -> list[Period]:
    """In which periods somebody counts for which crew: his memberships may overlap, these do not."""
    by_person: defaultdict[int, list[Period]] = defaultdict(list)
    for each in members:
        by_person[each.person_id].append(each)
    return [period for person_id, its in by_person.items() for period in _of_one(person_id, its)]


def _of_one(person_id: int, its: list[Period]) -> list[Period]:
    edges = sorted({edge for each in its for edge in (each.since, each.until)})
    found: list[Period] = []
    for since, until in pairwise(edges):
        crew_id = min((each.crew_id for each in its if each.since <= since < each.until), default=None)
        if crew_id is None:
            continue
        goes_on = found and found[-1].crew_id == crew_id and found[-1].until == since
        found.append(Period(person_id, crew_id, found.pop().since if goes_on else since, until))
    return found
