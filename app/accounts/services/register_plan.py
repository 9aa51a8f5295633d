"""What importing a list of people would do: pure, from lines and register to one plan per line (dorms-rules E).

Who is the same person: by identity document before number. A number may change its person only where the file itself
says who has which number now. Whoever is missing inside the declared extent is marked, never removed.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.accounts.rules import spelling
from app.accounts.services.register import FACTS, Known, Register, Unit
from app.core.errors import Rejected
from app.core.importing import Line, Plain, Reason, RowPlan, refuse

UNIT_COLUMNS = ("college", "major", "class", "year", "department")
MOST_MISSING = 0.05
"""Share of the extent that may be missing; beyond it the file is taken to be the wrong one."""


@dataclass(slots=True)
class _Row:
    """A line while its person is being worked out."""

    line: Line
    kind: str
    number: str
    name: str
    documents: tuple[str, ...]
    target: Known | None = None
    holder: Known | None = None
    """Somebody else who has this number now."""
    holds: bool = False
    """Whether the number is the person's own already, or was that of somebody merged into her."""
    username: str | None = None
    """What her account is called afterwards."""
    units: dict[str, Unit] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    remarks: list[Reason] = field(default_factory=list)

    def says(self, column: str) -> Any:
        return self.line.values.get(column)


def plan(lines: Sequence[Line], register: Register, extent: str) -> Iterator[RowPlan]:
    """One plan per line in their order, then the missing. Raises Rejected for an unknown extent or too many missing."""
    rows = [_row(line, register) for line in lines]
    _refuse_doubles(rows)
    for row in rows:
        _find_units(row, register)
        _identify(row, register)
    _refuse_same_person(rows)
    _refuse_taken_numbers(rows)
    missing = _missing(rows, register, extent)
    _hint_returned(rows, missing, register)
    _hint_swapped_names(rows)
    _name_accounts(rows, register)
    for row in rows:
        yield _outcome(row)
    for person in missing:
        yield RowPlan(None, "missing", _number_of(person), person.name, person.id)


def _row(line: Line, register: Register) -> _Row:
    values = line.values
    kind = "staff_no" if values.get("category") == "staff" else "student_no"
    number, reasons = values.get("number") or "", list(line.reasons)
    if number and not spelling.NUMBER.match(number) and (kind, number) not in register.by_number:
        reasons.append(Reason("number_form", "number", number))
    return _Row(line, kind, number, values.get("name") or "", register.hashes.get(line.number, ()), reasons=reasons)


def _refuse_doubles(rows: Sequence[_Row]) -> None:
    """The same number, of whatever kind, or document twice: all rows of it are refused."""
    groups: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for row in rows:
        if row.number:
            groups["number", row.number].append(row)
        if row.documents:
            groups["document", row.documents[0]].append(row)
    for (column, _value), group in groups.items():
        for row in group if len(group) > 1 else ():
            other = group[0] if group[0] is not row else group[1]
            code = "number_twice" if column == "number" else "document_twice"
            shown = row.number if column == "number" else ""
            row.reasons.append(Reason(code, column, shown, {"other": other.line.number}))


def _find_units(row: _Row, register: Register) -> None:
    """College, major, class, year and department by code or name.

    A name that several have is told apart by the others.
    """
    named = {column: row.says(column) for column in UNIT_COLUMNS if row.says(column)}
    candidates = {column: _units(register, column, word) for column, word in named.items()}
    settled = {found[0].id for found in candidates.values() if len(found) == 1}
    for column, word in named.items():
        found = candidates[column]
        if len(found) > 1:
            found = [unit for unit in found if settled & unit.line] or found
        if len(found) == 1:
            row.units[column] = found[0]
        elif found:
            row.reasons.append(Reason("several_units", column, word))
        else:
            row.reasons.append(Reason("no_such_unit", column, word, _nearest(register, column, word)))


def _units(register: Register, kind: str, word: str) -> list[Unit]:
    of_kind = [unit for unit in register.units.values() if unit.kind == kind]
    return [unit for unit in of_kind if unit.code == word] or [unit for unit in of_kind if unit.name == word]


def _nearest(register: Register, kind: str, word: str) -> dict[str, str | int]:
    known = {unit.code: unit for unit in register.units.values() if unit.kind == kind}
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6) if len(known) <= 2000 else []
    return {"suggestion": f"{near[0]} {known[near[0]].name}"} if near else {}


def _identify(row: _Row, register: Register) -> None:
    """Whose row this is; `holder` is set where the number is somebody else's at present."""
    by_document = next((register.by_document[each] for each in row.documents if each in register.by_document), None)
    by_number = register.by_number.get((row.kind, row.number))
    if by_document is not None:
        row.target = by_document
        row.holder = by_number if by_number is not by_document else None
    elif by_number is not None and row.documents and by_number.documents:
        row.holder = by_number  # another document: another person, unless the holder gets a new number
    else:
        row.target = by_number
    if row.target is not None:
        row.holds, row.username = row.target is by_number, row.target.username


def _refuse_same_person(rows: Sequence[_Row]) -> None:
    """Two rows for one person, one found by document and one by number."""
    first: dict[int, _Row] = {}
    for row in rows:
        if row.target is None or any(why.code in ("number_twice", "document_twice") for why in row.reasons):
            continue
        other = first.setdefault(row.target.id, row)
        if other is row:
            continue
        row.reasons.append(Reason("same_person", "number", row.number, {"other": other.line.number}))
        if not any(why.code == "same_person" for why in other.reasons):
            other.reasons.append(Reason("same_person", "number", other.number, {"other": row.line.number}))


def _refuse_taken_numbers(rows: Sequence[_Row]) -> None:
    """A number somebody else has is given only where the same file gives the holder another one.

    All of a swap or none.
    """
    moved = {row.target.id: row for row in rows if row.target is not None}
    open_rows = [row for row in rows if row.holder is not None and not row.reasons]
    again = True
    while again:
        again = False
        for row in open_rows:
            if row.reasons or row.holder is None:
                continue
            other = moved.get(row.holder.id)
            if other is None or other.reasons or (other.kind, other.number) == (row.kind, row.number):
                row.reasons.append(Reason("number_of_another", "number", row.number))
                again = True


def _missing(rows: Sequence[_Row], register: Register, extent: str) -> list[Known]:
    """Who should be in the file and is in none of its rows, refused ones included."""
    if not extent:
        return []
    inside = _inside(register, extent, {row.kind for row in rows})
    present = {row.target.id for row in rows if row.target} | {row.holder.id for row in rows if row.holder}
    absent = [person for person in inside if person.id not in present]
    if len(absent) > MOST_MISSING * len(inside):
        params = {"missing": len(absent), "all": len(inside), "limit": int(MOST_MISSING * 100)}
        raise Rejected(code="too_many_missing", params=params)
    return absent


def _inside(register: Register, extent: str, kinds: set[str]) -> list[Known]:
    """People with a number of the file's kinds in the declared units: of every kind of unit named, one."""
    groups: dict[str, set[int]] = defaultdict(set)
    if extent != "whole":
        by_code = {unit.code: unit for unit in register.units.values()}
        for code in extent.split(","):
            if code not in by_code:
                raise Rejected(code="unknown_extent", params={"code": code})
            groups[by_code[code].kind].add(by_code[code].id)
    found = []
    for person in register.people.values():
        if person.missing or person.left_on or not kinds & set(person.numbers):
            continue
        lines: set[int] = set().union(*(unit.line for units in person.units.values() for unit in units))
        if all(lines & wanted for wanted in groups.values()):
            found.append(person)
    return found


def _hint_returned(rows: Sequence[_Row], missing: Sequence[Known], register: Register) -> None:
    """New people who look like somebody missing."""
    gone = [*missing, *(person for person in register.people.values() if person.missing)]
    known = {
        _likeness(each.name, each.facts["birth_date"], unit): each
        for each in gone
        for unit in each.units.get("class", [None])
    }
    for row in rows:
        if row.target is None and not row.reasons:
            like = known.get(_likeness(row.name, row.says("birth_date"), row.units.get("class")))
            if like is not None and like.facts["birth_date"] is not None:
                row.remarks.append(Reason("like_missing", "number", row.number, {"number": _number_of(like)}))


def _likeness(name: str, born: date | None, unit: Unit | None) -> tuple[str, date | None, int | None]:
    return name, born, unit.id if unit else None


def _hint_swapped_names(rows: Sequence[_Row]) -> None:
    """Two people who would exchange their names."""
    renamed = {
        (row.target.name, row.name): row
        for row in rows
        if row.target is not None and not row.reasons and row.name and row.name != row.target.name
    }
    for (was, becomes), row in renamed.items():
        if (becomes, was) in renamed:
            row.remarks.append(Reason("names_swapped", "name", row.name))


def _name_accounts(rows: Sequence[_Row], register: Register) -> None:
    """An account is called by the number: that of a new person, and one that was called by a number that changes.

    Two accounts of one name, in letters of whatever size, there cannot be: who comes later has none, or keeps hers.
    """
    good = [row for row in rows if not row.reasons]
    following = [row for row in good if row.target is not None and _name_follows(row, row.target)]
    taken = register.account_names - {row.username.lower() for row in following if row.username}
    for row in (*following, *(row for row in good if row.target is None)):
        had, row.username = row.username, None
        if not spelling.USERNAME.match(row.number):
            why = "no_account_name"
        elif row.number.lower() in taken:
            why = "account_name_taken"
        else:
            why, row.username = None, row.number
        if why and had is not None:
            kept = had.lower() not in taken
            why, row.username = ("account_keeps_name", had) if kept else ("account_loses_name", None)
        if why:
            row.remarks.append(Reason(why, "number", row.number))
        if row.username:
            taken.add(row.username.lower())


def _name_follows(row: _Row, target: Known) -> bool:
    """Whether the account is called by the number that changes; else it keeps its name."""
    return not row.holds and target.username is not None and target.username == target.numbers.get(row.kind)


def _number_of(person: Known) -> str:
    return person.numbers.get("student_no") or person.numbers.get("staff_no") or ""


def _outcome(row: _Row) -> RowPlan:
    target = row.target
    if row.reasons:
        line = Line(row.line.number, row.line.values, tuple(row.reasons))
        return refuse(line, key=row.number, label=row.name, target=target.id if target else None)
    diff = _diff(row)
    if target is not None and not diff:
        return RowPlan(row.line.number, "same", row.number, row.name, target.id)
    values = _values(row, diff)
    remarks = (*row.remarks, *_remarks(row, diff))
    if target is None:
        return RowPlan(row.line.number, "new", row.number, row.name, values=values, remarks=remarks)
    return RowPlan(row.line.number, "changed", row.number, target.name, target.id, diff, values, remarks=remarks)


def _diff(row: _Row) -> dict[str, tuple[Plain, Plain]]:
    """What changes about a known person. An empty cell says nothing; "not known" never replaces a known sex."""
    target = row.target
    if target is None:
        return {}
    diff: dict[str, tuple[Plain, Plain]] = {}
    if not row.holds:
        diff["number"] = (target.numbers.get(row.kind), row.number)
    for column in FACTS:
        was, becomes = target.facts[column], row.says(column)
        if becomes is not None and becomes != was and not (column == "sex" and becomes == "U"):
            diff[column] = (_plain(was), _plain(becomes))
    for column, unit in row.units.items():
        were = target.units.get(column, [])
        if unit not in were:
            names = [each.name for each in were]
            diff[column] = (names if len(names) > 1 else next(iter(names), None), unit.name)
    if row.documents and not target.documents & set(row.documents):
        diff["document"] = (None, _shown_document(row))
    if target.missing:
        diff["missing"] = (True, False)
    if target.left_on is not None:
        diff["left"] = (target.left_on.isoformat(), None)
    return diff


def _left(row: _Row, target: Known) -> Iterator[Unit]:
    """The units a person leaves: where the row moves her to another of its kind, all of that kind she is in.

    Who is in the unit the row names stays as she is: a list has one column for it and cannot name two.
    """
    for column, unit in row.units.items():
        were = target.units.get(column, [])
        yield from were if unit not in were else ()


def _plain(value: Any) -> Plain:
    return value.isoformat() if isinstance(value, date) else value


def _shown_document(row: _Row) -> str:
    return f"••••{str(row.says('document'))[-4:]}"


def _values(row: _Row, diff: Mapping[str, Any]) -> dict[str, Plain]:
    """What is written: for a new person all that is said, for a known one what changes. No document in clear."""
    new, held = row.target is None, row.target.until if row.target else {}
    facts = {name: _plain(row.says(name)) for name in FACTS if row.says(name) is not None and (new or name in diff)}
    values: dict[str, Plain] = {
        "kind": row.kind,
        "number": row.target.numbers.get(row.kind, row.number) if row.target and row.holds else row.number,
        "username": row.username,
        "name": row.name or (row.target.name if row.target else ""),
        "facts": facts,
        "units": {column: unit.id for column, unit in row.units.items() if new or unit.id not in held},
    }
    if row.documents and (new or "document" in diff):
        values["document"] = row.documents[0]
        values["last_four"] = str(row.says("document"))[-4:]
    if row.target is not None:
        values["units_ended"] = {str(unit.id): _plain(row.target.until[unit.id]) for unit in _left(row, row.target)}
        values["username_was"] = row.target.username
        values["missing_was"] = row.target.missing_since.isoformat() if row.target.missing_since else None
    return values


def _remarks(row: _Row, diff: Mapping[str, Any]) -> Iterator[Reason]:
    """What the approver looks at, one by one."""
    by_number_alone = row.target is not None and not (row.target.documents & set(row.documents))
    if "name" in diff:
        yield Reason("name_differs" if by_number_alone else "name_changes", "name", row.name)
    if "number" in diff:
        yield Reason("number_changes", "number", row.number)
    if "sex" in diff and diff["sex"][0] != "U":
        yield Reason("sex_changes", "sex", str(diff["sex"][1]))
    if "missing" in diff or "left" in diff:
        yield Reason("back_again", None, row.number)
