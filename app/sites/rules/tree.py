"""The place tree: what may stand under what, and what each place repeats of its ancestors.

A place carries its readable path, its campus and building, and a folded text to search in; all of them follow
from the place itself and its parent, so one rule derives them for a single new place and for a moved subtree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

KINDS = ("campus", "zone", "building", "unit", "floor", "room", "outdoor", "asset")

PARENTS: Mapping[str, frozenset[str]] = {
    "campus": frozenset(),
    "zone": frozenset({"campus"}),
    "building": frozenset({"campus", "zone"}),
    "unit": frozenset({"building"}),
    "floor": frozenset({"building", "unit"}),
    "room": frozenset({"building", "unit", "floor"}),
    "outdoor": frozenset({"campus", "zone"}),
    "asset": frozenset(KINDS),
}
"""Kinds a place of a kind may stand under; a campus stands under nothing, everything else under something."""

SEPARATOR = " · "
SHOWN_SEPARATOR = "\u00a0· "
"""The same where lines are narrow: none begins with it."""
MAX_NAME, MAX_CODE = 120, 64  # characters
MAX_DEPTH = 12  # levels from the campus down; only assets inside assets could go deeper


USUAL: Mapping[str | None, str] = {
    None: "campus",
    "campus": "building",
    "zone": "building",
    "building": "floor",
    "unit": "floor",
    "floor": "room",
}
"""The kind that is added most under a kind; an asset everywhere else."""


def may_stand_under(kind: str, parent_kind: str | None) -> bool:
    """Whether a place of `kind` may have a parent of `parent_kind` (None: no parent)."""
    if parent_kind is None:
        return kind == "campus"
    return parent_kind in PARENTS.get(kind, frozenset())


def kinds_under(parent_kind: str | None) -> tuple[str, ...]:
    """The kinds that may be added below a place of `parent_kind` (None: at the top), in the order of the tree."""
    return tuple(kind for kind in KINDS if may_stand_under(kind, parent_kind))


def sort_key(kind: str, counted: str, read: str) -> str:
    """Key by which siblings and findings are ordered: large kinds first, then by name.

    `counted` is the pinyin of the name `in_figures`, which orders; `read` that of the name as it is, which is searched
    (`sounding`) and stands behind, after a mark no word goes over, where it is another.
    """
    return f"{KINDS.index(kind)} {counted}" + ("" if counted == read else f" ! {read}")


def above(path: str, name: str) -> str:
    """The way to a place without the place itself; empty for a campus."""
    return path.removesuffix(name).removesuffix(SEPARATOR)


NEAR = 3
"""Levels at the end of a way (building, floor, room) that are enough for who knows the campus."""


def near(path: str | None) -> str:
    """The end of the way to a place; the whole way where it is short."""
    return SEPARATOR.join((path or "").split(SEPARATOR)[-NEAR:])


def far(path: str | None) -> str:
    """The beginning of the way, which `near` leaves out."""
    return SEPARATOR.join((path or "").split(SEPARATOR)[:-NEAR])


def fold(text: str) -> str:
    """Text as it is searched: full-width and half-width alike, no case, runs of blanks as one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


SKIPPED = " -‐‑–—_/·、,，.。#"
"""What people leave out or put between the parts of a place: `桃园3号楼408` is `桃园 3 号楼 · 4 层 · 408 室`."""

_SKIPPED = str.maketrans("", "", SKIPPED)
_NUMERALS = "一二三四五六七八九"
_NUMBER = re.compile(rf"[0-9]+|[{_NUMERALS}十]+")
_UNITS = "号楼|号|栋|幢|单元|层|室"
_LARGER = "百千零〇廿卅"
_COUNTED = f"{_UNITS}|楼|舍|宿舍|公寓|校区|区|期|教|教室|阶|食堂|餐厅|车间|苑|院"
_COUNTING = re.compile(
    rf"(?<![{_NUMERALS}十{_LARGER}])(?:(?<=第)[{_NUMERALS}十]+(?![{_LARGER}])|[{_NUMERALS}十]+(?=\s?(?:{_COUNTED})))"
)
_APART = re.compile(rf"((?:^|(?<= ))[{_NUMERALS}十]+|[0-9]) (?=(?:{_UNITS})(?:[\W0-9{_NUMERALS}十]|$))")
"""The blank between a number and what it counts: ways are written `3 号楼`, and asked for so."""


def _spoken(number: int) -> str:
    """A number from 1 to 99 as Chinese says it: 十二, 二十, 九十九."""
    tens, ones = divmod(number, 10)
    many = "" if tens < 2 else _NUMERALS[tens - 1]
    return f"{many}{'十' if tens else ''}{_NUMERALS[ones - 1] if ones else ''}"


_SPOKEN = {str(number): _spoken(number) for number in range(1, 100)}
_FIGURES = {spoken: figures for figures, spoken in _SPOKEN.items()}


def in_figures(name: str) -> str:
    """The name with the numbers up to 99 that count something in figures, since pinyin has 二 (er) before 一 (yi).

    >>> in_figures("第一教学楼"), in_figures("十二号楼"), in_figures("三思楼")
    ('第1教学楼', '12号楼', '三思楼')
    """
    return _COUNTING.sub(lambda number: _FIGURES.get(number[0], number[0]), name)


def squeezed(text: str) -> str:
    """Text as it is compared: folded, without what is `SKIPPED`."""
    return fold(text).translate(_SKIPPED)


def likeness(word: str) -> str:
    """The regular expression (PostgreSQL's) of a word among squeezed ways: before each of its numbers something may
    stand, a floor say, but no digit; a number up to 99 is found in figures and in Chinese, whichever it is asked in.

    >>> likeness("408"), likeness("桃园408")
    ('408', '桃园(.*[^0-9])?408')
    >>> likeness("三号楼")
    '(三|(?<![0-9])3(?![0-9]))号楼'
    """
    plain = "".join(char if char.isalnum() else f"\\{char}" for char in squeezed(word))
    return _NUMBER.sub(_either, plain)


def _either(number: re.Match[str]) -> str:
    """The number as it was typed, which may be the piece of another, or as a whole in the other script."""
    typed, inside = number[0], number.start() > 0
    asked = f"{_gap(typed)}{typed}" if inside else typed
    other = _SPOKEN.get(typed) or _FIGURES.get(typed)
    if other is None:
        return asked if typed.isascii() else typed  # 一二三: not a number
    before = _gap(other) if inside else f"(?<![{_script(other)}])"
    return f"({asked}|{before}{other}(?![{_script(other)}]))"


def _gap(number: str) -> str:
    return f"(.*[^{_script(number)}])?"


def _script(number: str) -> str:
    """What numbers of its script are made of, for a bracket."""
    return "0-9" if number.isascii() else f"{_NUMERALS}十"


_PINYIN = re.compile(r"[a-z]{3}[a-z0-9]*")


def sounding(word: str) -> str | None:
    """The regular expression (PostgreSQL's) of a word as pinyin, among syllables with a blank before each (`sort_key`).

    It begins where a syllable does; a number in it is a whole one. None for what is no pinyin: fewer than three letters
    are initials or the beginning of a code.

    >>> sounding("taoyuan3"), sounding("ty"), sounding("3hao")
    (' t ?a ?o ?y ?u ?a ?n 0*3(?![0-9])', None, None)
    """
    if not _PINYIN.fullmatch(word):
        return None
    runs = re.findall("[a-z]+|[0-9]+", word)
    return " " + " ?".join(" ?".join(run) if run.isalpha() else f"0*{int(run)}(?![0-9])" for run in runs)


def terms(question: str) -> tuple[str, ...]:
    """The words of a search; each must be found. At most eight, which is more than a path has levels.

    A number and the unit after it are one word, as in the ways themselves: apart they would be found in different
    levels. What is made of `SKIPPED` alone says nothing beside other words, as in a way that was copied; by itself it
    is what is looked for.

    >>> terms("桃园 3 号楼 · 4 层"), terms("4 室外")
    (('桃园', '3号楼', '4层'), ('4', '室外'))
    """
    words = _APART.sub(r"\1", fold(question)).split()
    return tuple([word for word in words if squeezed(word)] or words)[:8]


@dataclass(frozen=True, slots=True)
class Node:
    """What a place says itself."""

    id: int | None
    parent_id: int | None
    kind: str
    code: str
    name: str
    initials: str


@dataclass(frozen=True, slots=True)
class Derived:
    """What a place repeats of itself and its ancestors. `search` is three lines: path, code, initials by level."""

    path: str
    campus_id: int | None
    building_id: int | None
    search: str

    @property
    def depth(self) -> int:
        """Levels from the campus down, the campus being 1 (every level has initials or a placeholder)."""
        return self.search.rpartition("\n")[2].count(" ") + 1


def derive(node: Node, parent: Derived | None) -> Derived:
    """What `node` repeats, standing under `parent`.

    A campus or building whose id is not known yet gets None for it; the writer fills it in.
    """
    path = node.name if parent is None else f"{parent.path}{SEPARATOR}{node.name}"
    above = "" if parent is None else parent.search.rpartition("\n")[2] + " "
    letters = fold(node.initials).replace(" ", "") or "-"
    return Derived(
        path=path,
        campus_id=node.id if node.kind == "campus" else parent.campus_id if parent else None,
        building_id=node.id if node.kind == "building" else parent.building_id if parent else None,
        search=f"{fold(path)}\n{fold(node.code)}\n{above}{letters}",
    )


def derive_all(nodes: Iterable[Node], above: Mapping[int, Derived]) -> Iterator[tuple[Node, Derived]]:
    """Every node of a forest with what it repeats, parents first.

    `above` holds the parents of the forest's roots. Nodes whose parent is in neither are left out.
    """
    children: dict[int | None, list[Node]] = {}
    known = list(nodes)
    inside = {node.id for node in known}
    for node in known:
        children.setdefault(node.parent_id, []).append(node)
    stack: list[tuple[Node, Derived | None]] = []
    for parent_id, group in children.items():
        if parent_id is None:
            stack += [(node, None) for node in group]
        elif parent_id not in inside and parent_id in above:
            stack += [(node, above[parent_id]) for node in group]
    while stack:
        node, parent = stack.pop()
        derived = derive(node, parent)
        yield node, derived
        stack += [(child, derived) for child in children.get(node.id, ())] if node.id is not None else []
