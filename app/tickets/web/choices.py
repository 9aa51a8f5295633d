"""What can be chosen on the report form: the categories as tiles with picks, the numbers to call first, places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from app.core import words
from app.core.i18n import locale
from app.tickets.answer_words import Problem
from app.tickets.queries.catalogue import Branch
from app.tickets.rules.demands import PRICES
from app.tickets.rules.questions import without_photos

GROUP_FIELD = "group"
PROBLEM_FIELD = "problem_"  # with the group's id: each group has radios of its own, so none keeps a hidden choice
OTHER_ICON = "wrench"
PRICES_SAID = ("fault", "charged")  # what is free goes without saying


@dataclass(slots=True)
class Group:
    """One tile. Where `itself` is set, the tile is what is reported and has no picks."""

    id: int
    label: str
    icon: str
    itself: Problem | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def all_problems(self) -> list[Problem]:
        """Everything that can be reported behind this tile."""
        return [self.itself] if self.itself else self.problems

    @property
    def urgent(self) -> bool:
        """Everything behind this tile is an emergency."""
        found = self.all_problems
        return bool(found) and all(each.emergency for each in found)

    @property
    def first_calls(self) -> list[str]:
        """Numbers to call before anything is reported here, each once."""
        return list(dict.fromkeys(each.phone for each in self.all_problems if each.emergency and each.phone))


@dataclass(frozen=True, slots=True)
class Call:
    """A number to call first, and for what."""

    phone: str
    names: tuple[str, ...]


def groups(tree: Iterable[Branch], *, photos: bool = True) -> list[Group]:
    """The valid categories as tiles, emergencies first; deeper levels are picks of their topmost heading.

    Without `photos` nothing asks for one.
    """
    tag = locale()
    made: list[Group] = []
    for branch in tree:
        group = Group(branch.id, words.text(branch.name, tag), branch.icon or OTHER_ICON)
        if branch.children:
            group.problems = [_problem(each, tag) for each in _leaves(branch)]
        elif branch.can_be_filed:
            group.itself = _problem(branch, tag)
        if group.itself or group.problems:
            made.append(group)
        if not photos:
            for each in group.all_problems:
                each.questions = without_photos(each.questions)
    return sorted(made, key=lambda each: not each.urgent)


def _leaves(branch: Branch) -> Iterator[Branch]:
    for child in branch.children:
        if child.can_be_filed:
            yield child
        yield from _leaves(child)


def _problem(branch: Branch, tag: str) -> Problem:
    return Problem(
        branch.id,
        branch.code,
        words.text(branch.name, tag),
        branch.emergency,
        branch.emergency_phone,
        words.text(branch.hints, tag),
        str(_(PRICES[branch.price_class])) if branch.price_class in PRICES_SAID else "",
        branch.questions,
    )


def calls(found: Sequence[Group]) -> list[Call]:
    """Emergencies by the number to call for them, in the order of the tiles."""
    by_phone: dict[str, list[str]] = {}
    for group in found:
        for problem in group.all_problems:
            if problem.emergency and problem.phone:
                by_phone.setdefault(problem.phone, []).append(problem.label)
    return [Call(phone, tuple(names)) for phone, names in by_phone.items()]


def chosen(found: Sequence[Group], sent: Any) -> Problem | None:
    """The problem a sent form means: that of the chosen tile, or the pick under it. None: not chosen yet."""
    for group in found:
        if sent.get(GROUP_FIELD) != str(group.id):
            continue
        if group.itself is not None:
            return group.itself
        picked = sent.get(f"{PROBLEM_FIELD}{group.id}")
        return next((each for each in group.problems if str(each.id) == picked), None)
    return None


def preset(found: Sequence[Group], code: str | None) -> dict[str, str]:
    """The form's values that choose the category with a code; empty for an unknown one."""
    for group in found:
        if group.itself is not None and group.itself.code == code:
            return {GROUP_FIELD: str(group.id)}
        for problem in group.problems:
            if problem.code == code:
                return {GROUP_FIELD: str(group.id), f"{PROBLEM_FIELD}{group.id}": str(problem.id)}
    return {}
