"""A ranking in words: who could take an order and why, who was left out, whom it can be given to by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.accounts import queries as people
from app.core import i18n
from app.core.i18n import gettext as _
from app.tickets import order_words
from app.tickets.rules.dispatching import OVERRIDABLE, Criterion, Exclusion, Part, Ranking


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the bar of a score: `colour` is its class, `x` and `width` are percent of the whole bar."""

    colour: str
    label: str
    x: float
    width: float


def legend() -> list[Segment]:
    """What the colours of the bars stand for."""
    return [Segment(f"k{at}", order_words.criterion(each), 0, 0) for at, each in enumerate(Criterion, 1)]


def bar(parts: Sequence[Part]) -> list[Segment]:
    """The points of a score side by side: what is missing to the right is what somebody else could have more of."""
    total = sum(part.weight for part in parts)
    found, x = [], 0.0
    colours = {each: f"k{at}" for at, each in enumerate(Criterion, 1)}
    for part in parts:
        width = 100 * part.weight * part.n / total if total else 0.0
        if width:
            label = f"{order_words.criterion(part.criterion)} {i18n.format_number(width, 1)}"
            found.append(Segment(colours[part.criterion], label, round(x, 2), round(width, 2)))
        x += width
    return found


@dataclass(slots=True)
class Candidate:
    """Somebody who can take the order."""

    person_id: int
    name: str
    score: float
    reasons: str
    bar: list[Segment]


@dataclass(slots=True)
class LeftOut:
    """Somebody who was left out, and whether a dispatcher may choose him all the same."""

    person_id: int
    name: str
    reason: str
    with_reason: bool
    never: bool


@dataclass(slots=True)
class Choice:
    """The ranking in words."""

    version: str
    candidates: list[Candidate] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """How many were left out for what."""
        counted: dict[str, int] = {}
        for one in self.left_out:
            counted[one.reason] = counted.get(one.reason, 0) + 1
        return i18n.listed(f"{count} {reason}" for reason, count in counted.items())

    @property
    def legend(self) -> list[Segment]:
        """What the colours of the bars stand for; empty where no bar has any."""
        return legend() if any(one.bar for one in self.candidates) else []

    def people(self, reassigning: bool) -> list[dict[str, Any]]:
        """The people of the form of choosing, by what choosing them demands."""
        free = _("A reason is needed") if reassigning else _("Can take it")
        found = [
            {"value": one.person_id, "label": f"{one.name} · {one.score:g}", "group": free} for one in self.candidates
        ]
        for one in self.left_out:
            if not one.never:
                group = _("Only with a reason") if one.with_reason or reassigning else _("Was asked before")
                found.append({"value": one.person_id, "label": f"{one.name} · {one.reason}", "group": group})
        return found


def choice(ranking: Ranking, holder: int | None) -> Choice:
    """A ranking with names; one statement. Whoever has the order already is left out of it."""
    names = people.names(ranking.people)
    return Choice(
        ranking.version,
        [
            Candidate(
                one.person_id,
                names.get(one.person_id, ""),
                one.score,
                order_words.factors(one.reasons),
                bar(one.parts),
            )
            for one in ranking.candidates
            if one.person_id != holder
        ],
        [_left_out(one.person_id, one.reason, names) for one in ranking.excluded if one.person_id != holder],
    )


def _left_out(person_id: int, reason: Exclusion, names: dict[int, str]) -> LeftOut:
    with_reason = reason in OVERRIDABLE
    never = not with_reason and reason is not Exclusion.OFFERED_THIS_ROUND
    return LeftOut(person_id, names.get(person_id, ""), order_words.exclusion(reason), with_reason, never)
