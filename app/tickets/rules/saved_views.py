"""What a kept view of the dispatcher's list and board consists of, and what of it still holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAME_LIMIT = 60
FILTERS = ("state", "campus", "building", "trade", "priority")
PLACES = ("campus", "building")
NO_STATE = "open"  # what the list shows where nothing is said


@dataclass(frozen=True, slots=True)
class Known:
    """What a filter names: `said` its words (plain, or by language); `present`: it can still be chosen."""

    said: Any
    present: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the places and trades that filters name are, by id and by code; what is not there never was."""

    places: Mapping[int, tuple[str, Known]]  # kind and what it is
    trades: Mapping[str, Known]


def on(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters that are on, in their order; the usual state is none."""
    found = {name: filters[name] for name in FILTERS if filters.get(name) is not None}
    if found.get("state") == NO_STATE:
        del found["state"]
    return found


def gone(
    filters: Mapping[str, Any], around: Surroundings, states: frozenset[str], priorities: frozenset[str]
) -> dict[str, Any]:
    """The filters that can no longer be asked for, with the words of what they named (None: unknown)."""
    wrong: dict[str, Any] = {}
    for name, value in filters.items():
        known = around.trades.get(str(value)) if name == "trade" else None
        if name in PLACES:
            kind, known = around.places.get(value, ("", None))
            known = known if kind == name else None
        if name in ("trade", *PLACES):
            if known is None or not known.present:
                wrong[name] = known.said if known else None
        elif name not in FILTERS or value not in {"state": states, "priority": priorities}[name]:
            wrong[name] = None
    return wrong


def left(filters: Mapping[str, Any], wrong: Mapping[str, Any]) -> dict[str, Any]:
    """The filters without those that are gone."""
    return {name: value for name, value in on(filters).items() if name not in wrong}
