"""What a category demands of the work, and what it says about reach and price: the rest of a category's version.

Demands are data: each names a guard of the transition tables, which asks for it where the act can hand it in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from app.tickets.rules.messages import gettext_noop

DEMAND_LABELS: Final[dict[str, str]] = {
    "scan": gettext_noop("Scan the sticker at the place before the work begins"),
    "photo_before": gettext_noop("A photo before the work"),
    "photo_after": gettext_noop("A photo after the work"),
    "code": gettext_noop("The reporter’s four-digit code at the end"),
    "signature": gettext_noop("A signature at the end"),
    "third_party": gettext_noop("Another office accepts the work"),
}
"""The demands that are either made or not, in the order in which the crew meets them."""

CHECKLIST_AT_MOST: Final = 20

PRICES: Final[dict[str, str]] = {
    "free": gettext_noop("Free of charge"),
    "fault": gettext_noop("Free, unless it was damaged on purpose"),
    "charged": gettext_noop("Charged by the price list"),
}
"""Price classes: who pays is decided by the class, how much by the price list."""

SPOTS: Final[dict[str, tuple[str, ...]]] = {
    "room": ("room", "asset"),
    "floor": ("floor", "unit"),
    "building": ("building",),
    "outside": ("campus", "zone", "outdoor"),
}
"""Kinds of places as far as the reach of a fault goes: a group's name and the kinds in it."""


def impact_at(kind: str | None, usual: str, impacts: Mapping[str, str] | None) -> str:
    """How far a fault reaches that is reported at a place of `kind` (None: not in the register)."""
    spot = next((name for name, kinds in SPOTS.items() if kind in kinds), None)
    return (impacts or {}).get(spot or "", usual)


def demanded(demands: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The demands that are made, by code, in their order."""
    return tuple(code for code in DEMAND_LABELS if (demands or {}).get(code))


def demands_of(codes: Collection[str], points: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Demands as a version holds them: those that are made, and the points to tick off, in words."""
    made: dict[str, Any] = dict.fromkeys((code for code in DEMAND_LABELS if code in codes), True)
    return {**made, "checklist": [dict(point) for point in points]} if points else made


def checklist(demands: Mapping[str, Any] | None) -> tuple[Mapping[str, str], ...]:
    """What is to be ticked off before the work is done, in words."""
    return tuple((demands or {}).get("checklist") or ())


def points(demands: Mapping[str, Any] | None) -> dict[str, Mapping[str, str]]:
    """The checklist by the codes of its points.

    A code comes from the words: what was ticked of an older list counts for the same points only, wherever they stand.
    """
    return {_point_code(words): words for words in checklist(demands)}


def _point_code(words: Mapping[str, str]) -> str:
    said = "\n".join(f"{tag}={words[tag]}" for tag in sorted(words))
    return hashlib.sha256(said.encode()).hexdigest()[:12]
