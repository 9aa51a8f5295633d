"""What importing a list of places would do: pure, from the lines and the register to one plan per line."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.core import import_trees
from app.core.actor import Actor
from app.core.importing import Line, Plain, Reason, RowPlan, refuse
from app.sites.rules import tree

WRITE = "places.write"
LEVELS = ("campus", "zone", "building", "unit", "floor")
"""Columns that name the way to a place, from the top."""

_FLOOR = re.compile(r"(?:第)?(-?\d{1,3}|[一二三四五六七八九十]{1,3})(?:f|层|楼|floor)?")
_DIGITS = {char: value for value, char in enumerate("一二三四五六七八九", start=1)}


class Known(import_trees.Known, Protocol):
    """A place of the register, as much of it as planning needs."""

    @property
    def public(self) -> bool: ...
    @property
    def campus_id(self) -> int | None: ...
    @property
    def building_id(self) -> int | None: ...


@dataclass(slots=True)
class Register:
    """The valid places by id, by code, and by folded code or name under the place above."""

    by_id: dict[int, Known] = field(default_factory=dict)
    by_code: dict[str, Known] = field(default_factory=dict)
    named: dict[tuple[str, str], list[Known]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, places: Iterable[Known]) -> Register:
        found = cls()
        for place in places:
            found.by_id[place.id] = place
            found.by_code[place.code] = place
            for word in {_word(place.kind, place.code), _word(place.kind, place.name)}:
                found.named[place.kind, word].append(place)
        return found

    def code_of(self, place_id: int | None) -> str | None:
        place = self.by_id.get(place_id or 0)
        return place.code if place else None


def _word(kind: str, text: str) -> str:
    """How a name is compared: folded; floors by their number, so that 3, 3F, 3层 and 三层 are one."""
    folded = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    if kind != "floor":
        return folded
    match = _FLOOR.fullmatch(folded)
    return f"#{_count(match[1])}" if match else folded


def _count(digits: str) -> int:
    if digits.lstrip("-").isdigit():
        return int(digits)
    tens, has_ten, ones = digits.rpartition("十")
    if not has_ten:
        return _DIGITS.get(ones[-1:], 0)
    return 10 * (_DIGITS.get(tens, 1) if tens else 1) + (_DIGITS.get(ones, 0) if ones else 0)


@dataclass(slots=True)
class _Wish:
    """A line while its place is being worked out."""

    line: Line
    code: str = ""
    name: str = ""
    kind: str = ""
    parent: Known | None = None
    parent_code: str | None = None  # of a place in the same file
    reasons: list[Reason] = field(default_factory=list)

    @property
    def code_column(self) -> str:
        return "code" if self.line.values.get("code") else "number"

    @property
    def above_code(self) -> str | None:
        """The code of the place above, as far as it is known: said in the row, or where its way leads to."""
        said = self.line.values.get("parent") or self.parent_code
        return said or (self.parent.code if self.parent else None)


@dataclass(slots=True)
class _Ways:
    """The places of the register and those of the file, by their codes and by what they are called.

    Rows are taken in level by level, from the top, so that a way down finds what stands above in whatever row.
    """

    register: Register
    rows: dict[str, _Wish] = field(default_factory=dict)
    named: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    found: dict[tuple[str, str], dict[str | None, list[str]]] = field(default_factory=dict)

    def take_in(self, wishes: Iterable[_Wish]) -> None:
        """Rows whose codes and places above are known: the next levels find them."""
        for wish in wishes:
            if wish.code:
                self.rows[wish.code] = wish
                for word in {_word(wish.kind, wish.code), _word(wish.kind, wish.name)}:
                    self.named[wish.kind, word].append(wish.code)
        self.found.clear()

    def below(self, kind: str, text: str, above: str | None) -> list[str]:
        """The codes of places of a kind called so (by code or name), inside `above` where it is given."""
        called = kind, _word(kind, text)
        if called not in self.found:
            self.found[called] = self._by_place_above(called)
        return self.found[called].get(above, [])

    def _by_place_above(self, called: tuple[str, str]) -> dict[str | None, list[str]]:
        """The codes of all that are called so, by the code of each place they stand in, and all of them (None)."""
        known = [place.code for place in self.register.named.get(called, ())]
        inside: defaultdict[str | None, list[str]] = defaultdict(list)
        for code in dict.fromkeys([*known, *self.named.get(called, ())]):
            for above in {None, *self._all_above(code)}:
                inside[above].append(code)
        return inside

    def _all_above(self, code: str) -> set[str]:
        """What a place stands in, as the register has it and as the file says, where it moves a place."""
        met, waiting = {code}, [code]
        while waiting:
            at = waiting.pop()
            place, row = self.register.by_code.get(at), self.rows.get(at)
            above = {self.register.code_of(place.parent_id) if place else None, row.above_code if row else None}
            further = {each for each in above if each is not None and each not in met}
            met |= further
            waiting += further
        return met

    def building_of(self, code: str) -> str:
        """The code of the building a place is or stands in; its own where it stands in none."""
        met: set[str] = set()
        at: str | None = code
        while at is not None and at not in met:
            met.add(at)
            place, row = self.register.by_code.get(at), self.rows.get(at)
            kind = place.kind if place else row.kind if row else None
            if kind == "building":
                return at
            if place is not None:
                return self.register.code_of(place.building_id) or code
            at = row.above_code if row else None
        return code


def plan(lines: Sequence[Line], register: Register, actor: Actor) -> Iterator[RowPlan]:
    """One plan per line, in their order."""
    wishes = [_wish(line) for line in lines]
    _find_codes(wishes, _Ways(register))
    import_trees.refuse_doubles(wishes)
    in_file = {wish.code: wish for wish in wishes if wish.code}
    for wish in wishes:
        _find_parent(wish, register, in_file)
    import_trees.refuse_rings(wishes, in_file)
    for wish in wishes:
        _judge(wish, register, in_file, actor)
    import_trees.refuse_orphans(wishes, in_file)
    for wish in wishes:
        yield _outcome(wish, register)


def _wish(line: Line) -> _Wish:
    values = line.values
    wish = _Wish(line, reasons=list(line.reasons))
    number = values.get("number")
    wish.kind = values.get("kind") or ("" if "kind" in values else "room")
    wish.name = values.get("name") or number or ""
    wish.code = values.get("code") or ""
    if wish.reasons:
        return wish
    if not wish.kind:
        wish.reasons.append(Reason("no_kind", "kind"))
    if not wish.code and not number:
        wish.reasons.append(Reason("no_code", "code"))
    return wish


def _find_codes(wishes: Sequence[_Wish], ways: _Ways) -> None:
    """Level by level from the top: the place above of each row that names it by a way, a code where it has none."""
    levels: defaultdict[int, list[_Wish]] = defaultdict(list)
    for wish in wishes:
        levels[LEVELS.index(wish.kind) if wish.kind in LEVELS else len(LEVELS)].append(wish)
    for _level, rows in sorted(levels.items()):
        for wish in rows:
            _find_code(wish, ways)
        ways.take_in(rows)


def _find_code(wish: _Wish, ways: _Ways) -> None:
    """Where the row names its place above by a way, walk it; where it has no code, make one."""
    if wish.reasons:
        return
    above = wish.line.values.get("parent")
    if not above and wish.kind != "campus":
        above = _walk(wish, ways)
    if wish.code or wish.reasons:
        return
    number = wish.line.values["number"]
    wish.code = f"{ways.building_of(above)}-{number}" if above else number  # the building's code and the room's number


def _find_parent(wish: _Wish, register: Register, in_file: Mapping[str, _Wish]) -> None:
    """The place above by its code, of the file or the register; a known place keeps its kind where none is said."""
    known = register.by_code.get(wish.code)
    if known is not None and "kind" not in wish.line.values:
        wish.kind = known.kind
    code = wish.line.values.get("parent")
    if wish.reasons or not code:
        return
    if code in in_file:
        wish.parent_code = code
    wish.parent = register.by_code.get(code)
    if wish.parent is None and wish.parent_code is None:
        wish.reasons.append(Reason("unknown_parent", "parent", code))


def _walk(wish: _Wish, ways: _Ways) -> str | None:
    """Down the columns campus … floor as far as they are filled; the code of the place the way leads to."""
    at: str | None = None
    named = False
    for level in LEVELS:
        word = wish.line.values.get(level)
        if not word or level == wish.kind:
            continue
        named = True
        found = ways.below(level, word, at)
        if len(found) != 1:
            wish.reasons.append(Reason("several_parents" if found else "unknown_parent", level, word))
            return None
        at = found[0]
    if not named:
        known = ways.register.by_code.get(wish.code)
        if known is None:
            wish.reasons.append(Reason("no_parent", "parent"))
        else:
            at = ways.register.code_of(known.parent_id)
    wish.parent = ways.register.by_code.get(at or "")
    wish.parent_code = at if at in ways.rows else None
    return at


def _judge(wish: _Wish, register: Register, in_file: Mapping[str, _Wish], actor: Actor) -> None:
    """Name, level, kind and scope."""
    known = register.by_code.get(wish.code)
    wish.name = wish.name or (known.name if known else "")
    if not wish.name and not wish.line.reasons:
        wish.reasons.append(Reason("no_name", "name"))
    if wish.reasons:
        return
    above = in_file[wish.parent_code].kind if wish.parent_code else wish.parent.kind if wish.parent else None
    if not tree.may_stand_under(wish.kind, above):
        params = {"kind": wish.kind, "above": above or "–"}
        wish.reasons.append(Reason("wrong_level", "kind", wish.kind, params))
    if known is not None and known.kind != wish.kind:
        wish.reasons.append(Reason("kind_differs", "kind", wish.kind, {"known": known.kind}))
    for place in (known, wish.parent) if known else (wish.parent,):
        if not _covered(place, wish, in_file, actor):
            wish.reasons.append(Reason("outside_scope", "parent", wish.code))
            return


def _covered(place: Known | None, wish: _Wish, in_file: Mapping[str, _Wish], actor: Actor) -> bool:
    """Whether the actor may write at the place, or at the first known place above it in the file."""
    at: _Wish | None = wish
    while place is None and at is not None and at.parent_code:
        at = in_file.get(at.parent_code)
        place = at.parent if at else None
    return actor.covers(WRITE, place)


def _outcome(wish: _Wish, register: Register) -> RowPlan:
    known = register.by_code.get(wish.code) if wish.code else None
    if wish.reasons:
        kept = Line(wish.line.number, wish.line.values, tuple(wish.reasons))
        return refuse(kept, key=wish.code, label=wish.name, target=known.id if known else None)
    public = wish.line.values.get("public")
    values: dict[str, Plain] = {
        "kind": wish.kind,
        "code": wish.code,
        "name": wish.name,
        "parent_id": wish.parent.id if wish.parent else None,
        "parent_code": wish.parent_code if wish.parent is None else None,
    }
    if public is not None:
        values["public"] = bool(public)
    if known is None:
        return RowPlan(wish.line.number, "new", wish.code, wish.name, values=values)
    diff = _diff(wish, known, register, values)
    if not diff:
        return RowPlan(wish.line.number, "same", wish.code, wish.name, known.id)
    values["parent_was"] = known.parent_id
    return RowPlan(wish.line.number, "changed", wish.code, known.name, known.id, diff, values)


def _diff(wish: _Wish, known: Known, register: Register, values: Mapping[str, Any]) -> dict[str, tuple[Plain, Plain]]:
    """Only columns the file has count; a place above that is in register and file alike is the same one."""
    diff: dict[str, tuple[Plain, Plain]] = {}
    says_name = wish.line.values.get("name") or wish.line.values.get("number")
    if says_name and wish.name != known.name:
        diff["name"] = (known.name, wish.name)
    if "public" in values and values["public"] != known.public:
        diff["public"] = (known.public, values["public"])
    was = register.code_of(known.parent_id)
    above = wish.parent_code or (wish.parent.code if wish.parent else None)
    if above != was:
        diff["parent"] = (was, above)
    return diff
