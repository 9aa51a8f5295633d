"""People by the thousand: the import kind `people`, approved by a second person (dorms-rules E).

Identity documents come in, are recognised by a keyed hash, and go nowhere: neither stored nor shown in clear.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from app.accounts.models import Person
from app.accounts.services import register_plan, register_write
from app.accounts.services.register import FACTS, Known, Register, Unit
from app.core import keyed, undoing
from app.core.db import db, is_over
from app.core.importing import (
    Choice,
    Code,
    Column,
    Day,
    Document,
    Email,
    Line,
    Name,
    Phone,
    Reason,
    Request,
    RowPlan,
    Sex,
    Text,
    Wording,
)
from app.sites import queries as places

CATEGORIES: Mapping[str, str] = {
    "student": "student", "学生": "student", "本科生": "student", "研究生": "student", "硕士": "student",
    "硕士生": "student", "博士": "student", "博士生": "student", "专科生": "student", "留学生": "student",
    "本科": "student", "专科": "student",
    "staff": "staff", "teacher": "staff", "教职工": "staff", "教工": "staff", "教师": "staff", "职工": "staff",
    "员工": "staff",
}  # fmt: skip

COLUMNS = (
    Column(
        "number",
        _l("Number"),
        Code(32),
        ("number", "student number", "student no", "staff number", "staff no", "学号", "学工号", "工号", "职工号",
         "教工号", "人员编号", "学籍号"),
        required=True,
        filled=True,
    ),
    Column(
        "name", _l("Full name"), Name(80), ("name", "full name", "姓名", "学生姓名", "名字"), required=True, filled=True
    ),
    Column(
        "document",
        _l("Identity document"),
        Document(),
        ("identity document", "id number", "id card", "document", "身份证号", "身份证", "身份证号码", "证件号",
         "证件号码", "身份证件号"),
        secret=True,
        hint=_l("Recognised, never stored or shown in full."),
    ),
    Column("category", _l("Kind of person"), Choice(CATEGORIES),
           ("category", "kind", "人员类别", "类别", "身份", "人员类型", "学生类别", "培养层次")),
    Column("sex", _l("Sex"), Sex(), ("sex", "gender", "性别", "性别码", "性别代码")),
    Column("birth_date", _l("Birth date"), Day(),
           ("birth date", "date of birth", "born", "出生日期", "出生年月日", "生日")),
    Column("college", _l("College"), Text(120),
           ("college", "school", "faculty", "院系", "学院", "院系代码", "学院代码", "院系名称", "学院名称",
            "所在学院", "系")),
    Column("major", _l("Major"), Text(120),
           ("major", "programme", "program", "专业", "专业代码", "专业名称", "所学专业")),
    Column("class", _l("Class"), Text(120), ("class", "班级", "班级代码", "班级名称", "行政班", "所在班级", "班")),
    Column("year", _l("Year"), Text(40), ("year", "grade", "entry year", "年级", "入学年份", "所在年级")),
    Column("department", _l("Department"), Text(120),
           ("department", "unit", "部门", "单位", "所在部门", "部门代码", "所在单位")),
    Column("phone", _l("Telephone"), Phone(),
           ("phone", "telephone", "mobile", "手机", "手机号", "手机号码", "电话", "联系电话", "移动电话")),
    Column("email", _l("E-mail"), Email(), ("email", "e-mail", "mail", "邮箱", "电子邮箱", "电子邮件")),
)  # fmt: skip

WORDING: Mapping[str, Wording] = {
    "number_twice": Wording(
        _l("Row %(other)s has the same number"),
        _l("Look the person up and keep the right row only."),
        many=_l("Another row has the same number"),
    ),
    "document_twice": Wording(
        _l("Row %(other)s has the same identity document"),
        _l("Look the person up and keep the right row only."),
        many=_l("Another row has the same identity document"),
    ),
    "same_person": Wording(
        _l("Row %(other)s is the same person under another number"),
        _l("Keep the row with the present number."),
        many=_l("Another row is the same person under another number"),
    ),
    "number_form": Wording(
        _l("A number has letters, digits, dots, hyphens, underscores and slashes only"), _l("Correct it in the list.")
    ),
    "no_account_name": Wording(
        _l("The number cannot be an account name"),
        _l("The person comes without one; it needs 2 to 64 letters, digits, dots, hyphens and underscores."),
    ),
    "account_name_taken": Wording(
        _l("Another account is called by this number"),
        _l("The person comes without an account name. Give one on the person's page where it is needed."),
    ),
    "account_keeps_name": Wording(
        _l("The account cannot be called by the new number"),
        _l("It keeps its present name. Give another one on the person's page where it is needed."),
    ),
    "account_loses_name": Wording(
        _l("The account loses its name and cannot be called by the new number"),
        _l("Nobody can sign in with it until it has a name. Give one on the person's page."),
    ),
    "number_of_another": Wording(
        _l("This number belongs to somebody with another identity document"),
        _l("Check the number; if it moved, the list must also give its present holder a new one."),
    ),
    "no_such_unit": Wording(_l("There is no such unit"), _l("Correct it, or add the unit first.")),
    "several_units": Wording(_l("Several units have this name"), _l("Give the code instead of the name.")),
    "too_many_missing": Wording(
        _l("%(missing)s of %(all)s people of this part are not in the list, more than %(limit)s %%"),
        _l("Check that it is the right list, or declare a smaller part (or none)."),
    ),
    "unknown_extent": Wording(
        _l("There is no college, class or year with the code %(code)s"), _l("Upload again with the right codes.")
    ),
    "name_changes": Wording(_l("Name changes"), _l("Same identity document. Look at each row.")),
    "name_differs": Wording(
        _l("Name differs, found by number only"), _l("No identity document confirms it. Look at each row.")
    ),
    "names_swapped": Wording(
        _l("Names perhaps swapped"), _l("Two people would exchange their names. Look at each row.")
    ),
    "number_changes": Wording(
        _l("Number changes"), _l("The person stays the same; an account called by the number follows it.")
    ),
    "sex_changes": Wording(_l("Sex changes"), _l("Look at each row.")),
    "back_again": Wording(_l("Was missing or had left, is back"), _l("The same person is taken up again.")),
    "like_missing": Wording(
        _l("Like the missing %(number)s"),
        _l("Same name, birth date and class: perhaps the same person. Look at each row."),
        many=_l("Like somebody who is missing"),
    ),
    "missing": Wording(_l("Mark of absence"), _l("It goes when the person is in the list again.")),
    "left": Wording(_l("Gone since"), _l("Who is in the list again has not left.")),
    **undoing.wording(_l("Disable the account instead.")),
}

PURPOSE = "identity-document"


class PeopleImporter:
    """Fulfils :class:`app.core.importing.Importer`."""

    kind = "people"
    returns = frozenset({"missing"})
    gone = frozenset({"left"})
    label = _l("People")
    columns: tuple[Column, ...] = COLUMNS
    wording = WORDING
    permission = "people.read"
    whole_institution = True
    takes_extent = True
    one_by_one = frozenset({"name_changes", "name_differs"})
    page = "/people/{id}"

    def needs_approval(self, counts: Mapping[str, int]) -> bool:
        return True

    def lookup(self, lines: Sequence[Line], request: Request) -> Register:
        """People, numbers, units and memberships: five statements, however many rows."""
        register = Register(units=_units(), hashes=_hashes(lines))
        survivors = _load_people(register, places.today(request.now))
        _load_numbers(register, survivors)
        _load_memberships(register, request.now)
        return register

    def plan(self, lines: Sequence[Line], lookup: Register, request: Request) -> Iterator[RowPlan]:
        return register_plan.plan(lines, lookup, request.extent)

    def apply(self, plans: Sequence[RowPlan], batch_id: int, request: Request) -> Mapping[int, int]:
        today = places.today(request.now)
        return register_write.write(plans, batch_id, actor=request.actor, now=request.now, today=today)

    def blockers(self, done: Sequence[RowPlan], request: Request) -> list[Reason]:
        """People changed, or used by anything, since they were imported."""
        found = [undoing.changed(plan) for plan in register_write.present(done)]
        return found + undoing.used(Person, done, besides=register_write.MEMBERSHIP_TABLES)

    def undo(self, done: Sequence[RowPlan], batch_id: int, request: Request) -> None:
        today = places.today(request.now)
        register_write.take_back(done, batch_id, actor=request.actor, now=request.now, today=today)


def _hashes(lines: Sequence[Line]) -> dict[int, tuple[str, ...]]:
    """Row number → the row's document as it is stored, under the present secret first."""
    return {line.number: stored_documents(line.values["document"]) for line in lines if line.values.get("document")}


def stored_documents(value: str) -> tuple[str, ...]:
    """`<type>:<keyed hash>` of a document's number, under the present secret first, then under older ones."""
    kind = "resident" if len(value) == 18 and value[:17].isdigit() else "other"
    return tuple(f"{kind}:{each}" for each in keyed.keyed_hashes(PURPOSE, value))


def _units() -> dict[int, Unit]:
    rows = db.session.execute(text("SELECT id, parent_id, kind, code, name FROM org_unit WHERE valid_to IS NULL")).all()
    parents = {row.id: row.parent_id for row in rows}
    return {row.id: Unit(row.id, row.kind, row.code, row.name, _line(row.id, parents)) for row in rows}


def _line(unit_id: int, parents: Mapping[int, int | None]) -> frozenset[int]:
    found: set[int] = set()
    at: int | None = unit_id
    while at is not None and at not in found:
        found.add(at)
        at = parents.get(at)
    return frozenset(found)


def _load_people(register: Register, today: date) -> dict[int, int]:
    """Everybody, those who have left too; returns merged id → surviving id."""
    merged: dict[int, int] = {}
    rows = db.session.execute(
        text(
            "SELECT id, name, sex, birth_date, phone, email, username, missing_since, merged_into_id, valid_to"
            " FROM person"
        )
    )
    for row in rows:
        if row.username is not None:
            register.account_names.add(row.username.lower())
        if row.merged_into_id is not None:
            merged[row.id] = row.merged_into_id
            continue
        facts: dict[str, Any] = {name: getattr(row, name) for name in FACTS}
        left_on = row.valid_to if is_over(row.valid_to, today) else None
        register.people[row.id] = Known(row.id, facts, row.missing_since, left_on, row.username)
    return {each: _survivor(each, merged) for each in merged}


def _survivor(person_id: int, merged: Mapping[int, int]) -> int:
    seen: set[int] = set()
    while person_id in merged and person_id not in seen:
        seen.add(person_id)
        person_id = merged[person_id]
    return person_id


def _load_numbers(register: Register, survivors: Mapping[int, int]) -> None:
    """Valid numbers and documents.

    Those of a merged person lead to the survivor, whose own number stays the shown one.
    """
    rows = db.session.execute(
        text("SELECT person_id, kind, value FROM person_identifier WHERE valid_to IS NULL ORDER BY id")
    )
    for row in rows:
        person = register.people.get(survivors.get(row.person_id, row.person_id))
        if person is None:
            continue
        if row.kind == "identity_document":
            person.documents.add(row.value)
            register.by_document[row.value] = person
        else:
            register.by_number[row.kind, row.value] = person
            if row.person_id == person.id:
                person.numbers[row.kind] = row.value


def _load_memberships(register: Register, now: datetime) -> None:
    rows = db.session.execute(
        text(
            "SELECT person_id, org_unit_id, upper(during) AS until FROM org_membership"
            " WHERE NOT isempty(during) AND during @> CAST(:today AS date) ORDER BY id"
        ),
        {"today": places.today(now)},
    )
    for row in rows:
        person, unit = register.people.get(row.person_id), register.units.get(row.org_unit_id)
        if person is not None and unit is not None:
            person.units.setdefault(unit.kind, []).append(unit)
            person.until[unit.id] = row.until


IMPORTER = PeopleImporter()
