"""Places by the thousand: the import kind `places`.

A row is recognised by its code. The place above is named by its code, or by the columns campus, zone, building, unit
and floor (code or name each). A list of rooms without a code column gets codes of the kind "TY3-412": the building's
and the room's number. Nothing is closed by an import: places the file does not name stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import import_trees, undoing
from app.core.db import db
from app.core.errors import Rejected
from app.core.importing import Choice, Code, Column, Line, Reason, Request, RowPlan, Text, Wording
from app.sites import labels, queries
from app.sites.models import Place
from app.sites.services import NewPlace, PlaceChange, change_places, close_places, insert_places, place_plan
from app.sites.services.place_plan import Known, Register

KIND_WORDS: Mapping[str, str] = {
    "campus": "campus", "校区": "campus",
    "zone": "zone", "片区": "zone", "园区": "zone", "区域": "zone",
    "building": "building", "楼栋": "building", "楼": "building", "建筑": "building", "楼宇": "building",
    "宿舍楼": "building", "教学楼": "building",
    "unit": "unit", "单元": "unit", "套间": "unit",
    "floor": "floor", "楼层": "floor", "层": "floor",
    "room": "room", "房间": "room", "宿舍": "room", "寝室": "room", "教室": "room", "办公室": "room",
    "outdoor": "outdoor", "户外": "outdoor", "室外": "outdoor",
    "asset": "asset", "设备": "asset", "资产": "asset", "设施": "asset",
}  # fmt: skip
YES_NO: Mapping[str, str] = {
    "yes": "1", "y": "1", "true": "1", "1": "1", "是": "1", "公共": "1",
    "no": "", "n": "", "false": "", "0": "", "否": "", "非公共": "",
}  # fmt: skip

COLUMNS = (
    Column(
        "code",
        _l("Code"),
        Code(64),
        ("code", "place code", "room code", "编码", "代码", "编号", "位置编码", "位置代码", "场所编码", "地点编码",
         "地点代码", "房间编码", "房间代码", "房间编号", "空间编码"),
        hint=_l("Unique among all places; without it building and room number make the code."),
    ),
    Column(
        "name",
        _l("Name"),
        Text(120),
        ("name", "place name", "room name", "名称", "位置名称", "场所名称", "地点名称", "房间名称", "房间名",
         "空间名称"),
    ),
    Column(
        "kind",
        _l("Kind"),
        Choice(KIND_WORDS),
        ("kind", "type", "place kind", "类型", "种类", "类别", "位置类型", "场所类型", "地点类型", "房间类型"),
        hint=_l("campus, zone, building, unit, floor, room, outdoor or asset; a list without this column holds rooms."),
    ),
    Column(
        "parent",
        _l("Code of the place above"),
        Code(64),
        ("parent", "parent code", "上级", "上级编码", "上级代码", "上级位置", "上级位置编码", "父级", "父级编码",
         "所属编码", "所属位置编码"),
    ),
    Column("campus", _l("Campus"), Text(120), ("campus", "校区", "所属校区", "校区名称", "校区编码", "校区代码")),
    Column("zone", _l("Zone"), Text(120), ("zone", "园区", "片区", "所属园区")),
    Column(
        "building",
        _l("Building"),
        Text(120),
        ("building", "楼栋", "楼号", "楼", "楼宇", "建筑", "宿舍楼", "楼名", "楼栋名称", "楼栋编码", "所属楼栋",
         "所在楼栋"),
    ),
    Column("unit", _l("Unit of a building"), Text(120), ("unit", "单元", "套间", "所属单元")),
    Column("floor", _l("Floor"), Text(120), ("floor", "storey", "楼层", "层", "层号", "所在楼层", "所属楼层")),
    Column(
        "number",
        _l("Room number"),
        Code(40),
        ("number", "room", "room number", "room no", "房间号", "房号", "房间", "门牌号", "室号", "寝室号", "宿舍号"),
        hint=_l("Used as the name where there is none."),
    ),
    Column("public", _l("Open to everybody"), Choice(YES_NO), ("public", "公共", "公共区域", "是否公共")),
)  # fmt: skip

WORDING: Mapping[str, Wording] = {
    "places_no_code": Wording(
        _l("The list has neither codes nor room numbers"), _l("Say which column holds the code or the room number.")
    ),
    "no_code": Wording(_l("Neither code nor room number"), _l("Fill in one of them.")),
    "no_name": Wording(_l("The place has no name"), _l("Fill in the name.")),
    "no_kind": Wording(_l("What kind of place this is is not said"), _l("Fill in the kind, for example room.")),
    **import_trees.WORDING,
    "no_parent": Wording(_l("In which place this one stands is not said"), _l("Fill in the code of the place above.")),
    "unknown_parent": Wording(
        _l("There is no such place above"), _l("Correct it, or add that place to the list or the register first.")
    ),
    "several_parents": Wording(
        _l("Several places have this name"), _l("Give the code of the place above instead of its name.")
    ),
    "parent_refused": Wording(
        _l("The place above is refused itself (row %(other)s)"),
        _l("Mend that row; this one then follows."),
        many=_l("The place above is refused itself"),
    ),
    "wrong_level": Wording(
        _l("“%(kind)s” cannot stand in “%(above)s”"),
        _l("Choose another kind or another place above."),
        many=_l("This kind of place cannot stand in the place above"),
        words=labels.KINDS,
    ),
    "ring": Wording(_l("The places above lead back to this one"), _l("Correct the code of the place above.")),
    "kind_differs": Wording(
        _l("The register has this place as “%(known)s”"),
        _l("A place never changes its kind: close it and add a new one."),
        many=_l("The register has this place otherwise"),
        words=labels.KINDS,
    ),
    "outside_scope": Wording(
        _l("This place lies outside the part of the campus you look after"), _l("Ask somebody who may change it.")
    ),
    **undoing.wording(_l("Close the place instead.")),
}


class PlaceImporter:
    """Fulfils :class:`app.core.importing.Importer`."""

    kind = "places"
    label = _l("Places")
    columns: tuple[Column, ...] = COLUMNS
    wording = WORDING
    permission = "places.write"
    whole_institution = False
    takes_extent = False
    one_by_one = frozenset[str]()
    returns = gone = frozenset[str]()
    page = "/places/{id}"

    def needs_approval(self, counts: Mapping[str, int]) -> bool:
        return False

    def lookup(self, lines: Sequence[Line], request: Request) -> Register:
        """All valid places, in one statement. Raises Rejected for a list that identifies nothing."""
        if lines and not any("code" in line.values or "number" in line.values or line.reasons for line in lines):
            raise Rejected(code="places_no_code")
        return _register()

    def plan(self, lines: Sequence[Line], lookup: Register, request: Request) -> Iterator[RowPlan]:
        return place_plan.plan(lines, lookup, request.actor)

    def apply(self, plans: Sequence[RowPlan], batch_id: int, request: Request) -> Mapping[int, int]:
        """New places level by level, then the changes of known ones."""
        new = [plan for plan in plans if plan.outcome == "new"]
        ids = insert_places([_new(plan.values) for plan in new], actor=request.actor, now=request.now) if new else []
        made = {plan.row: place_id for plan, place_id in zip(new, ids, strict=True) if plan.row is not None}
        by_code = {plan.key: place_id for plan, place_id in zip(new, ids, strict=True)}
        changes = [_change(plan, by_code) for plan in plans if plan.outcome == "changed"]
        if changes:
            change_places(changes, actor=request.actor, now=request.now)
        return made

    def blockers(self, done: Sequence[RowPlan], request: Request) -> list[Reason]:
        """Places changed or used since they were imported."""
        register = _register()
        found = []
        for plan in done:
            place = register.by_id.get(plan.target or 0)
            if place is None or not _as_written(plan, place, register):
                found.append(undoing.changed(plan))
        moved_back = [plan.target for plan in done if plan.target is not None]
        return found + undoing.used(Place, done, apart_from=moved_back)

    def undo(self, done: Sequence[RowPlan], batch_id: int, request: Request) -> None:
        """Changes go back to what was; new places are closed today, which frees their codes."""
        changes = [
            PlaceChange(plan.target, **_before(plan)) for plan in done if plan.outcome == "changed" and plan.target
        ]
        if changes:
            change_places(changes, actor=request.actor, now=request.now)
        made = [plan.target for plan in done if plan.outcome == "new" and plan.target]
        if made:
            close_places(made, queries.today(request.now), actor=request.actor, now=request.now)


def _register() -> Register:
    """The valid places as planning needs them; one statement."""
    columns = (Place.id, Place.parent_id, Place.kind, Place.code, Place.name, Place.public)
    places = select(*columns, Place.campus_id, Place.building_id).where(Place.valid_to.is_(None))
    return Register.of(db.session.execute(places))


def _new(values: Mapping[str, Any]) -> NewPlace:
    return NewPlace(
        kind=values["kind"],
        code=values["code"],
        name=values["name"],
        parent_id=values.get("parent_id"),
        parent_code=values.get("parent_code"),
        public=values.get("public"),
    )


def _change(plan: RowPlan, made: Mapping[str, int]) -> PlaceChange:
    """What `plan` says anew; a place above that is new itself is known by its code only."""
    values = plan.values
    parent = values.get("parent_id")
    if parent is None and values.get("parent_code") is not None:
        parent = made[str(values["parent_code"])]
    changed: dict[str, Any] = {name: values[name] for name in ("name", "public") if name in plan.diff}
    if "parent" in plan.diff:
        changed["parent_id"] = parent
    return PlaceChange(int(plan.target or 0), **changed)


def _as_written(plan: RowPlan, place: Known, register: Register) -> bool:
    """Whether the place still is what the import made of it."""
    if plan.outcome == "new":
        return place.code == plan.key and place.name == plan.values["name"]
    now = {"name": place.name, "public": place.public, "parent": register.code_of(place.parent_id)}
    return all(now[column] == becomes for column, (_was, becomes) in plan.diff.items())


def _before(plan: RowPlan) -> dict[str, Any]:
    found: dict[str, Any] = {name: was for name, (was, _becomes) in plan.diff.items() if name in ("name", "public")}
    if "parent" in plan.diff:
        found["parent_id"] = plan.values["parent_was"]
    return found


IMPORTER = PlaceImporter()
