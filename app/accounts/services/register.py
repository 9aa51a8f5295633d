"""The register as a list of people is planned against it: who is known, by what, and in which units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

FACTS = ("name", "sex", "birth_date", "phone", "email")


@dataclass(frozen=True, slots=True)
class Unit:
    """A valid org unit; `line` is its own id and those above it."""

    id: int
    kind: str
    code: str
    name: str
    line: frozenset[int]


@dataclass(slots=True)
class Known:
    """A person of the register.

    `units` maps a unit's kind to the units the person is in now, `until` each unit she is in to the day it ends.
    """

    id: int
    facts: dict[str, Any]
    missing_since: datetime | None = None
    left_on: date | None = None
    username: str | None = None
    numbers: dict[str, str] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)
    units: dict[str, list[Unit]] = field(default_factory=dict)
    until: dict[int, date | None] = field(default_factory=dict)

    @property
    def missing(self) -> bool:
        return self.missing_since is not None

    @property
    def name(self) -> str:
        return str(self.facts["name"])


@dataclass(slots=True)
class Register:
    """People by document and by number, org units by code and name."""

    people: dict[int, Known] = field(default_factory=dict)
    by_document: dict[str, Known] = field(default_factory=dict)
    by_number: dict[tuple[str, str], Known] = field(default_factory=dict)
    units: dict[int, Unit] = field(default_factory=dict)
    account_names: set[str] = field(default_factory=set)
    """All there are, in small letters: those of people who have left or were merged, too."""
    hashes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Row number → the document of that row as stored, under the present secret first."""


def units_ended(values: Mapping[str, Any]) -> dict[int, str | None]:
    """Each unit a stored plan takes a known person out of → the day on which she would have left it by herself."""
    if "units_ended" in values:
        return {int(unit_id): until for unit_id, until in values["units_ended"].items()}
    # Lists planned before a plan ended several units of a kind name one by its kind. Needed until none of them waits
    # for approval or was applied less than `UNDO_FOR` (app/imports/rules/stages.py) ago: the release after the next.
    until = values.get("units_until", {})
    return {unit_id: until.get(kind) for kind, unit_id in values["units_were"].items()}
