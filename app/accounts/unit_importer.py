"""Colleges, majors, classes, years and departments by the hundred: the import kind `units`.

A row is recognised by its code, the unit above named by its code, of the list or of the register. Names change; a unit
is not moved and keeps its kind. Nothing is closed by an import: units the file does not name stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import OrgUnit, RoleGrant
from app.accounts.services import unit_plan, units
from app.accounts.services.unit_plan import Register
from app.core import import_trees, undoing
from app.core.db import db, not_over
from app.core.import_trees import Known
from app.core.importing import Choice, Code, Column, Line, Plain, Reason, Request, RowPlan, Text, Wording
from app.sites import queries as places

KIND_WORDS: Mapping[str, str] = {
    "college": "college", "school": "college", "faculty": "college",
    "学院": "college", "院系": "college", "系": "college",
    "major": "major", "programme": "major", "专业": "major",
    "class": "class", "班级": "class", "行政班": "class", "班": "class",
    "year": "year", "grade": "year", "年级": "year",
    "department": "department", "office": "department",
    "部门": "department", "处室": "department", "单位": "department",
}  # fmt: skip

COLUMNS = (
    Column(
        "code",
        _l("Code"),
        Code(64),
        ("code", "unit code", "编码", "代码", "编号", "单位代码", "单位编码", "班级代码", "院系代码", "组织代码",
         "机构代码"),
        required=True,
        filled=True,
        hint=_l("Unique among all units in force."),
    ),
    Column(
        "name",
        _l("Name"),
        Text(120),
        ("name", "unit name", "名称", "单位名称", "班级名称", "院系名称", "组织名称", "机构名称"),
    ),
    Column(
        "kind",
        _l("Kind"),
        Choice(KIND_WORDS),
        ("kind", "type", "类型", "种类", "类别", "单位类型", "组织类型"),
        hint=_l("college, major, class, year or department; a list without this column holds classes."),
    ),
    Column(
        "parent",
        _l("Code of the unit above"),
        Code(64),
        ("parent", "parent code", "above", "上级", "上级代码", "上级编码", "上级单位", "上级单位代码", "所属院系代码",
         "所属学院代码", "所属单位代码"),
        hint=_l("Empty for a topmost unit."),
    ),
)  # fmt: skip

WORDING: Mapping[str, Wording] = {
    **import_trees.WORDING,
    "unit_without_name": Wording(_l("The unit has no name"), _l("Fill in the name.")),
    "unit_without_kind": Wording(
        _l("What kind of unit this is is not said"), _l("Fill in the kind, for example class.")
    ),
    "unknown_unit_above": Wording(
        _l("There is no such unit above"), _l("Correct it, or add that unit to the list or the register first.")
    ),
    "parent_refused": Wording(
        _l("The unit above is refused itself (row %(other)s)"),
        _l("Mend that row; this one then follows."),
        many=_l("The unit above is refused itself"),
    ),
    "ring": Wording(_l("The units above lead back to this one"), _l("Correct the code of the unit above.")),
    "unit_kind_differs": Wording(
        _l("The register has this unit as another kind"), _l("Correct the kind, or change the unit by hand.")
    ),
    "unit_moved": Wording(
        _l("The register has this unit below another one"), _l("A unit is not moved: close it and add a new one.")
    ),
    **undoing.wording(_l("Close the unit instead, once nobody belongs to it.")),
}


class UnitImporter:
    """Fulfils :class:`app.core.importing.Importer`."""

    kind = "units"
    label = _l("Units")
    columns: tuple[Column, ...] = COLUMNS
    wording = WORDING
    permission = "orgs.write"
    whole_institution = True
    takes_extent = False
    one_by_one = frozenset[str]()
    returns = gone = frozenset[str]()
    page = "/orgs/{id}"

    def needs_approval(self, counts: Mapping[str, int]) -> bool:
        return False

    def lookup(self, lines: Sequence[Line], request: Request) -> Register:
        """All units in force, in one statement."""
        return _register()

    def plan(self, lines: Sequence[Line], lookup: Register, request: Request) -> Iterator[RowPlan]:
        return unit_plan.plan(lines, lookup)

    def apply(self, plans: Sequence[RowPlan], batch_id: int, request: Request) -> Mapping[int, int]:
        """New units level by level, then the names of known ones."""
        new = [plan for plan in plans if plan.outcome == "new"]
        rows = [_new(plan.values) for plan in new]
        ids = units.insert_units(rows, actor=request.actor, now=request.now) if rows else []
        _rename([(plan, plan.values["name"]) for plan in plans if plan.outcome == "changed"], request)
        return {plan.row: unit_id for plan, unit_id in zip(new, ids, strict=True) if plan.row is not None}

    def blockers(self, done: Sequence[RowPlan], request: Request) -> list[Reason]:
        """Units changed or used since they were imported; a role held in one uses it."""
        register = _register()
        found = [undoing.changed(plan) for plan in done if not _as_written(plan, register.by_id.get(plan.target or 0))]
        return found + undoing.used(OrgUnit, done) + _scopes(done, request)

    def undo(self, done: Sequence[RowPlan], batch_id: int, request: Request) -> None:
        """Names go back to what they were; new units are closed today, which frees their codes."""
        _rename([(plan, plan.diff["name"][0]) for plan in done if plan.outcome == "changed"], request)
        made = [plan.target for plan in done if plan.outcome == "new" and plan.target]
        if made:
            units.close_units(made, actor=request.actor, now=request.now)


def _new(values: Mapping[str, Any]) -> units.NewUnit:
    return units.NewUnit(**values)


def _rename(wanted: Sequence[tuple[RowPlan, Plain]], request: Request) -> None:
    names = {plan.target: str(name) for plan, name in wanted if plan.target is not None}
    if names:
        units.rename_units(names, actor=request.actor, now=request.now)


def _register() -> Register:
    query = select(OrgUnit.id, OrgUnit.parent_id, OrgUnit.kind, OrgUnit.code, OrgUnit.name)
    return Register.of(db.session.execute(query.where(OrgUnit.valid_to.is_(None))))


def _as_written(plan: RowPlan, unit: Known | None) -> bool:
    """Whether the unit still is what the import made of it."""
    if unit is None:
        return False
    if plan.outcome == "new":
        return (unit.code, unit.name, unit.kind) == (plan.key, plan.values["name"], plan.values["kind"])
    return unit.name == plan.diff["name"][1]


def _scopes(done: Sequence[RowPlan], request: Request) -> list[Reason]:
    """New units in which somebody holds a role: a scope is no foreign key, so the schema does not tell."""
    made = {plan.target: plan.key for plan in done if plan.outcome == "new" and plan.target is not None}
    held = select(RoleGrant.scope_id).where(
        RoleGrant.scope_kind == "org",
        RoleGrant.scope_id.in_(sorted(made)),
        not_over(RoleGrant, places.today(request.now)),
    )
    return [
        Reason(undoing.USED, None, key, {"what": RoleGrant.__tablename__})
        for key in sorted(made[unit_id] for unit_id in db.session.scalars(held.distinct()) if unit_id is not None)
    ]


IMPORTER = UnitImporter()
