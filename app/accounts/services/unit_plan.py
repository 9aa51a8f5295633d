"""What importing a list of org units would do: pure, from the lines and the register to one plan per line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.core import import_trees
from app.core.import_trees import Known
from app.core.importing import Line, Plain, Reason, RowPlan, refuse

USUAL_KIND = "class"
"""What a list without a column for the kind holds."""


@dataclass(slots=True)
class Register:
    """The units in force, by id and by code."""

    by_id: dict[int, Known] = field(default_factory=dict)
    by_code: dict[str, Known] = field(default_factory=dict)

    @classmethod
    def of(cls, units: Iterable[Known]) -> Register:
        found = cls()
        for unit in units:
            found.by_id[unit.id] = unit
            found.by_code[unit.code] = unit
        return found


@dataclass(slots=True)
class _Wish:
    """A line while its unit is being worked out."""

    line: Line
    code: str
    name: str
    kind: str
    known: Known | None
    parent: Known | None = None
    parent_code: str | None = None  # of a unit in the same file
    reasons: list[Reason] = field(default_factory=list)

    @property
    def code_column(self) -> str:
        return "code"


def plan(lines: Sequence[Line], register: Register) -> Iterator[RowPlan]:
    """One plan per line, in their order."""
    wishes = [_wish(line, register) for line in lines]
    import_trees.refuse_doubles(wishes)
    in_file = {wish.code: wish for wish in wishes if wish.code}
    for wish in wishes:
        _find_parent(wish, register, in_file)
    import_trees.refuse_rings(wishes, in_file)
    for wish in wishes:
        _judge(wish, register)
    import_trees.refuse_orphans(wishes, in_file)
    for wish in wishes:
        yield _outcome(wish)


def _wish(line: Line, register: Register) -> _Wish:
    values = line.values
    code = values.get("code") or ""
    known = register.by_code.get(code)
    kind = values.get("kind") or (known.kind if known else "" if "kind" in values else USUAL_KIND)
    name = values.get("name") or (known.name if known else "")
    return _Wish(line, code, name, kind, known, reasons=list(line.reasons))


def _find_parent(wish: _Wish, register: Register, in_file: Mapping[str, _Wish]) -> None:
    """The unit above by its code, of the file or the register."""
    code = wish.line.values.get("parent")
    if wish.reasons or not code:
        return
    wish.parent_code = code if code in in_file else None
    wish.parent = register.by_code.get(code)
    if wish.parent is None and wish.parent_code is None:
        wish.reasons.append(Reason("unknown_unit_above", "parent", code))


def _judge(wish: _Wish, register: Register) -> None:
    """Name and kind are there; a known unit stays of its kind and where it is."""
    if wish.reasons:
        return
    if not wish.name:
        wish.reasons.append(Reason("unit_without_name", "name"))
    if not wish.kind:
        wish.reasons.append(Reason("unit_without_kind", "kind"))
    if wish.known is None:
        return
    if wish.kind != wish.known.kind:
        wish.reasons.append(Reason("unit_kind_differs", "kind", wish.line.values.get("kind") or ""))
    stands = register.by_id.get(wish.known.parent_id or 0)
    above = wish.line.values.get("parent")
    if above and above != (stands.code if stands else None):
        wish.reasons.append(Reason("unit_moved", "parent", above))


def _outcome(wish: _Wish) -> RowPlan:
    known = wish.known
    if wish.reasons:
        kept = Line(wish.line.number, wish.line.values, tuple(wish.reasons))
        return refuse(kept, key=wish.code, label=wish.name, target=known.id if known else None)
    values: dict[str, Plain] = {
        "kind": wish.kind,
        "code": wish.code,
        "name": wish.name,
        "parent_id": wish.parent.id if wish.parent else None,
        "parent_code": wish.parent_code if wish.parent is None else None,
    }
    if known is None:
        return RowPlan(wish.line.number, "new", wish.code, wish.name, values=values)
    if wish.name == known.name:
        return RowPlan(wish.line.number, "same", wish.code, wish.name, known.id)
    diff: dict[str, tuple[Plain, Plain]] = {"name": (known.name, wish.name)}
    return RowPlan(wish.line.number, "changed", wish.code, known.name, known.id, diff, values)
