"""Rows of a file that stand below other rows of it: what refuses them, whatever they are rows of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from flask_babel import lazy_gettext as _l

from app.core.importing import Line, Reason, Wording

TWICE: Final = "twice_in_file"
WORDING: Mapping[str, Wording] = {
    TWICE: Wording(
        _l("Row %(other)s has the same code"),
        _l("Keep the right row and give the other its own code."),
        many=_l("Another row has the same code"),
    ),
}
"""What is said alike whatever the rows stand for; what names them is the importer's (`parent_refused`, `ring`)."""


class Known(Protocol):
    """A thing of the register, as much of it as planning needs."""

    @property
    def id(self) -> int: ...
    @property
    def parent_id(self) -> int | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...


class Wish(Protocol):
    """A row while what it stands for is being worked out.

    `parent` is the thing of the register above it, `parent_code` the code of one in the same file; both, where it is in
    both. `code_column` is the column its code came from.
    """

    line: Line
    code: str
    parent: Any
    parent_code: str | None
    reasons: list[Reason]

    @property
    def code_column(self) -> str: ...


W = TypeVar("W", bound=Wish)


def refuse_doubles(wishes: Sequence[Wish]) -> None:
    """All rows of a code that stands twice in the file are refused."""
    first: dict[str, Wish] = {}
    for wish in wishes:
        if not wish.code:
            continue
        other = first.setdefault(wish.code, wish)
        if other is not wish:
            wish.reasons.append(_double(wish, other))
            if not any(why.code == TWICE for why in other.reasons):
                other.reasons.append(_double(other, wish))


def _double(wish: Wish, other: Wish) -> Reason:
    return Reason(TWICE, wish.code_column, wish.code, {"other": other.line.number})


def refuse_rings(wishes: Sequence[W], in_file: Mapping[str, W]) -> None:
    """Rows whose things above, inside the file, lead back to themselves."""
    clear: set[str] = set()
    for wish in wishes:
        way: list[W] = []
        at: W | None = wish
        seen: set[int] = set()
        while at is not None and at.code not in clear and id(at) not in seen:
            seen.add(id(at))
            way.append(at)
            at = in_file.get(at.parent_code) if at.parent_code else None
        if at is not None and id(at) in seen:
            for each in way[way.index(at) :]:
                each.reasons.append(Reason("ring", "parent", each.parent_code or ""))
        clear.update(each.code for each in way)


def refuse_orphans(wishes: Sequence[W], in_file: Mapping[str, W]) -> None:
    """Rows whose thing above is a refused row of the file and not in the register either."""
    children: defaultdict[str, list[W]] = defaultdict(list)
    for wish in wishes:
        if wish.parent_code and wish.parent is None:
            children[wish.parent_code].append(wish)
    waiting = [wish for wish in wishes if wish.reasons]
    while waiting:
        refused = waiting.pop()
        for child in children.get(refused.code, ()) if in_file.get(refused.code) is refused else ():
            if not child.reasons:
                reason = Reason("parent_refused", "parent", refused.code, {"other": refused.line.number})
                child.reasons.append(reason)
                waiting.append(child)
