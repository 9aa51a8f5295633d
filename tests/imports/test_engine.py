"""The engine from upload to undo, on real tables; "Must show 2" of the first release."""

import re
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, NotAllowed, Rejected, Stale
from app.core.outbox import OutboxEvent
from app.imports import queries
from app.imports.models import ImportChunk, ImportRow
from app.imports.rules import sniffing
from app.imports.services import application, decisions, dry_run, intake, looking, tidying
from app.sites.models import Place
from tests.factories import accounts
from tests.imports import stages
from tests.imports.files import build, campus


def rooms():
    return db.session.scalar(
        select(func.count()).select_from(Place).where(Place.kind == "room", Place.valid_to.is_(None))
    )


def test_five_thousand_rooms_in_gb18030_with_37_bad_rows_are_taken_and_then_known(admin, now):
    rows, wrong = campus.places()
    data = campus.gb18030(rows)
    began = time.monotonic()
    batch = stages.applied(data, kind="places", actor=admin, now=now)
    seconds = time.monotonic() - began
    assert batch.layout["encoding"] == "gb18030"
    assert batch.layout["header"] == 2
    counts = batch.counts
    assert (counts["read"], counts["new"], counts["refused"]) == (5111, 5074, 37)
    assert batch.state == "applied"
    assert rooms() == 4963
    refused = list(queries.every_row(batch.id, "refused"))
    assert [row.number for row in refused] == wrong
    assert all(row.reasons and row.reasons[0]["column"] for row in refused)
    assert seconds < 30  # a few seconds; the figure lives in bench

    again = stages.applied(data, kind="places", actor=admin, now=now)
    assert again.state == "known"
    assert again.repeats_id == batch.id
    assert (again.counts["same"], again.counts["new"], again.counts["refused"]) == (5074, 0, 37)
    assert rooms() == 4963


def test_every_read_row_is_counted_exactly_once(admin, now):
    rows, _wrong = campus.places(rooms=300, bad=30)
    counts = stages.planned(campus.gb18030(rows), kind="places", actor=admin, now=now).counts
    assert counts["read"] == sum(counts[each] for each in ("new", "changed", "same", "refused"))


def test_the_same_list_in_another_encoding_or_format_is_the_same_content(admin, now):
    rows, _wrong = campus.places(rooms=40, bad=3)
    first = stages.applied(campus.gb18030(rows), kind="places", actor=admin, now=now)
    for data in (build.csv_bytes(rows, "utf-8-sig"), build.csv_bytes(rows, "utf-16"), build.xlsx_bytes(rows)):
        again = stages.planned(data, kind="places", actor=admin, now=now)
        assert (again.state, again.repeats_id) == ("known", first.id)


def test_the_sheet_with_the_headings_is_found_behind_one_that_explains(admin, now):
    rows, _wrong = campus.places(rooms=20, bad=0)
    data = build.xlsx_bytes(
        [["请填第三页"]],
        sheet="说明",
        more=[("旧", rows), ("太宽", [["x"] * 305]), ("填报", rows), ("副本", rows)],
        hidden=("旧",),
    )
    batch = stages.planned(data, kind="places", actor=admin, now=now)
    assert (batch.layout["sheet"], batch.counts["refused"]) == ("填报", 0)


def test_rows_taken_once_are_left_alone_whatever_became_of_them_and_refused_ones_are_tried_again(admin, now):
    rows = [
        campus.PLACE_HEADINGS,
        ["S", "南校区", "校区", ""],
        ["B1", "一号楼", "楼栋", "S"],
        ["X1", "x", "楼层", "B2"],
    ]
    data = campus.gb18030(rows)
    stages.applied(data, kind="places", actor=admin, now=now)
    building = db.session.scalars(select(Place).where(Place.code == "B1")).one()
    building.name = "改过的名字"
    db.session.flush()
    stages.applied(
        campus.gb18030([campus.PLACE_HEADINGS, ["B2", "二号楼", "楼栋", "S"]]), kind="places", actor=admin, now=now
    )
    again = stages.applied(data, kind="places", actor=admin, now=now)
    assert (again.counts["same"], again.counts["new"], again.counts["refused"]) == (2, 1, 0)
    db.session.refresh(building)
    assert building.name == "改过的名字"
    assert db.session.scalars(select(Place.code).where(Place.code == "X1")).one() == "X1"


def test_a_changed_name_is_shown_as_a_change_and_undone(admin, now):
    first = [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""], ["B1", "一号楼", "楼栋", "S"]]
    stages.applied(campus.gb18030(first), kind="places", actor=admin, now=now)
    second = [campus.PLACE_HEADINGS, ["B1", "桃园一号楼", "楼栋", "S"], ["B2", "桃园二号楼", "楼栋", "S"]]
    batch = stages.applied(campus.gb18030(second), kind="places", actor=admin, now=now)
    assert (batch.counts["changed"], batch.counts["new"], batch.counts["fields"]) == (1, 1, {"name": 1})
    db.session.expire_all()
    building = db.session.scalars(select(Place).where(Place.code == "B1")).one()
    assert building.path == "南校区 · 桃园一号楼"

    decisions.order_undo(batch.id, actor=admin, now=now)
    application.undo(batch.id, actor=admin, now=now)
    assert stages.batch(batch.id).state == "undone"
    assert stages.noted(batch.id)[-2:] == [("undo_order", "person"), ("undo", "person")]
    assert db.session.scalars(select(Place.name).where(Place.code == "B1")).one() == "一号楼"
    assert db.session.scalars(select(Place).where(Place.code == "B2", Place.valid_to.is_(None))).first() is None
    third = stages.applied(campus.gb18030(second), kind="places", actor=admin, now=now)
    assert third.state == "applied"  # what was undone may come again


def test_an_import_others_build_upon_is_not_undone(admin, now):
    first = [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""], ["B1", "一号楼", "楼栋", "S"]]
    batch = stages.applied(campus.gb18030(first), kind="places", actor=admin, now=now)
    stages.applied(
        campus.gb18030([campus.PLACE_HEADINGS, ["F1", "1层", "楼层", "B1"]]), kind="places", actor=admin, now=now
    )
    decisions.order_undo(batch.id, actor=admin, now=now)
    application.undo(batch.id, actor=admin, now=now)
    left = stages.batch(batch.id)
    assert left.state == "applied"
    assert left.problem["code"] == "undo_blocked"
    assert {why["value"] for why in left.problem["reasons"]} >= {"B1"}
    assert stages.noted(batch.id)[-1] == ("undo_order", "person")
    assert db.session.scalars(select(Place.valid_to).where(Place.code == "B1")).one() is None


def test_undo_is_possible_for_a_day(admin, now):
    rows = [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]
    batch = stages.applied(campus.gb18030(rows), kind="places", actor=admin, now=now)
    with pytest.raises(Conflict):
        decisions.order_undo(batch.id, actor=admin, now=now + timedelta(hours=24))


def test_a_plan_the_register_has_overtaken_is_not_applied_but_planned_anew(admin, now):
    rows = [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""], ["B1", "一号楼", "楼栋", "S"]]
    batch = stages.planned(campus.gb18030(rows), kind="places", actor=admin, now=now)
    stages.applied(
        campus.gb18030([campus.PLACE_HEADINGS, ["S", "南区", "校区", ""]]), kind="places", actor=admin, now=now
    )
    decisions.order(batch.id, actor=admin, now=now, background=False)
    application.run(batch.id, stages.no_step, actor=admin, now=now)
    left = stages.batch(batch.id)
    assert (left.state, left.problem["code"]) == ("planned", "changed_since")
    assert (left.counts["new"], left.counts["changed"]) == (1, 1)
    decisions.order(batch.id, actor=admin, now=now, background=False)
    application.run(batch.id, stages.no_step, actor=admin, now=now)
    assert stages.batch(batch.id).state == "applied"


def test_a_plan_older_than_a_day_is_run_again_before_it_may_be_applied(admin, now):
    rows = [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]
    batch = stages.planned(campus.gb18030(rows), kind="places", actor=admin, now=now)
    later = now + timedelta(hours=25)
    assert decisions.order(batch.id, actor=admin, now=later, background=False).state == "planning"
    assert stages.noted(batch.id) == [("upload", "person")]  # nothing was ordered
    dry_run.run(batch.id, stages.no_step, actor=admin, now=later)
    assert decisions.order(batch.id, actor=admin, now=later, background=False).state == "applying"


def test_a_failure_while_writing_leaves_nothing(admin, now, monkeypatch):
    from app.sites import importer

    rows = [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""], ["B1", "一号楼", "楼栋", "S"]]
    batch = stages.planned(campus.gb18030(rows), kind="places", actor=admin, now=now)
    decisions.order(batch.id, actor=admin, now=now, background=False)
    db.session.commit()

    def half(rows, **_more):
        db.session.execute(
            Place.__table__.insert().values(institution_id=1, kind="campus", code="HALF", name="x", path="x")
        )
        raise RuntimeError("power cut")

    monkeypatch.setattr(importer, "insert_places", half)
    with pytest.raises(RuntimeError):
        application.run(batch.id, stages.no_step, actor=admin, now=now)
    db.session.rollback()
    assert db.session.scalars(select(Place).where(Place.code.in_(["HALF", "S"]))).first() is None
    assert stages.batch(batch.id).state == "applying"
    monkeypatch.undo()
    application.run(batch.id, stages.no_step, actor=admin, now=now)  # the job tries again
    application.run(batch.id, stages.no_step, actor=admin, now=now)  # and may run twice
    assert stages.batch(batch.id).state == "applied"


def twice_of_one_code(*_rows, **_more):
    for _ in range(2):
        row = {"institution_id": 1, "kind": "campus", "code": "TWICE", "name": "x", "path": "x"}
        db.session.execute(Place.__table__.insert().values(**row))


def test_what_the_database_never_takes_ends_the_import_and_is_told(admin, now, monkeypatch):
    from app.sites import importer

    batch = stages.one_campus(admin, now)
    decisions.order(batch.id, actor=admin, now=now, background=False)
    monkeypatch.setattr(importer, "insert_places", twice_of_one_code)
    application.run(batch.id, stages.no_step, actor=admin, now=now)
    left = stages.batch(batch.id)
    assert (left.state, left.problem["code"]) == ("failed", "not_written")
    assert db.session.scalars(select(Place).where(Place.code.in_(["TWICE", "S"]))).first() is None
    assert not stages.has_file(batch.id)
    settled = db.session.scalars(
        select(OutboxEvent.payload).where(OutboxEvent.kind == "ImportSettled").order_by(OutboxEvent.id.desc())
    ).first()
    assert (settled["state"], settled["decided_by"]) == ("failed", admin.id)


def test_who_was_quicker_between_plan_and_writing_has_it_decided_anew(admin, now, monkeypatch):
    batch = stages.one_campus(admin, now)
    decisions.order(batch.id, actor=admin, now=now, background=False)
    make = dry_run.make

    def another_at_the_same_time(*of):
        plan = make(*of)
        if db.session.scalars(select(Place).where(Place.code == "S")).first() is None:
            row = {"institution_id": 1, "kind": "campus", "code": "S", "name": "另一个", "path": "另一个"}
            db.session.execute(Place.__table__.insert().values(**row))
        return plan

    monkeypatch.setattr(dry_run, "make", another_at_the_same_time)
    application.run(batch.id, stages.no_step, actor=admin, now=now)
    left = stages.batch(batch.id)
    assert (left.state, left.problem["code"], left.counts["changed"]) == ("planned", "changed_since", 1)
    assert stages.has_file(batch.id)


def test_what_the_database_never_takes_back_is_told_too(admin, now, monkeypatch):
    from app.sites import importer

    batch = stages.applied(campus.gb18030(stages.CAMPUS), kind="places", actor=admin, now=now)
    decisions.order_undo(batch.id, actor=admin, now=now)
    monkeypatch.setattr(importer.IMPORTER, "undo", twice_of_one_code)
    application.undo(batch.id, actor=admin, now=now)
    left = stages.batch(batch.id)
    assert (left.state, left.problem["code"]) == ("applied", "not_taken_back")
    settled = db.session.scalars(
        select(OutboxEvent.payload).where(OutboxEvent.kind == "ImportSettled").order_by(OutboxEvent.id.desc())
    ).first()
    assert (settled["state"], settled["decided_by"]) == ("not_undone", admin.id)
    assert db.session.scalars(select(Place).where(Place.code == "TWICE")).first() is None


def test_the_mapping_is_remembered_for_the_same_headings(admin, now):
    rows = [["甲", "乙", "丙", "丁"], ["S", "南校区", "校区", ""]]
    batch = stages.upload(campus.gb18030(rows), kind="places", actor=admin, now=now)
    looking.run(batch.id, stages.no_step)
    layout = stages.batch(batch.id).layout
    assert layout["header"] is None
    chosen = {"code": 0, "name": 1, "kind": 2, "parent": 3}
    intake.choose_columns(batch.id, header=1, columns=chosen, actor=admin, now=now, background=False)
    dry_run.run(batch.id, stages.no_step, actor=admin, now=now)
    assert stages.batch(batch.id).counts["new"] == 1
    rows = [["清单", "", "", ""], *rows[:1], ["N", "北校区", "校区", ""]]
    following = stages.upload(campus.gb18030(rows), kind="places", actor=admin, now=now)
    looking.run(following.id, stages.no_step)
    proposal = looking.propose(*_importer_and_layout(following.id))
    assert proposal["header"] == 2, "its headings are no known words, but they were mapped before"
    assert proposal["columns"] == chosen
    assert proposal["remembered"]


def _importer_and_layout(batch_id):
    from app.imports import registry

    batch = stages.batch(batch_id)
    return registry.importer(batch.kind), batch.layout


def test_columns_that_do_not_fit_are_named(admin, now):
    rows, _wrong = campus.places(rooms=10, bad=0)
    batch = stages.upload(campus.gb18030(rows), kind="places", actor=admin, now=now)
    looking.run(batch.id, stages.no_step)
    for columns, name in (
        ({"code": 9}, "column-code"),
        ({"code": 0, "name": 0}, "column-name"),
        ({"no": 1}, "column-no"),
    ):
        with pytest.raises(Rejected) as caught:
            intake.choose_columns(batch.id, header=2, columns=columns, actor=admin, now=now)
        assert name in caught.value.fields
    with pytest.raises(Rejected):
        intake.choose_columns(batch.id, header=99, columns={}, actor=admin, now=now)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.4", "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 900, "old_workbook"),
        (b"\n\n", "empty"),
    ],
)
def test_an_unusable_file_is_refused_with_its_reason_and_not_kept(admin, now, data, code):
    batch = stages.upload(data, kind="places", actor=admin, now=now)
    looking.run(batch.id, stages.no_step)
    left = stages.batch(batch.id)
    assert (left.state, left.problem["code"]) == ("failed", code)
    assert db.session.scalars(select(ImportChunk.id).where(ImportChunk.batch_id == batch.id)).first() is None


def test_an_encoding_that_cannot_be_told_is_asked(admin, now):
    data = "學號,姓名,宿舍\r\n101,陳怡君,學生宿舍男一舍\r\n102,張雅婷,學生宿舍女二舍\r\n".encode("big5")
    batch = stages.upload(data, kind="places", actor=admin, now=now)
    looking.run(batch.id, stages.no_step)
    assert stages.batch(batch.id).state == "asking"
    intake.choose_reading(batch.id, encoding="big5hkscs", sheet=None, actor=admin, now=now)
    looking.run(batch.id, stages.no_step)
    left = stages.batch(batch.id)
    assert left.state == "mapping"
    assert left.layout["rows"][0]["cells"] == ["學號", "姓名", "宿舍"]


STRAY = "编码,名称,类型\r\nS1,南\0校区,校区\r\n".encode()
"""A NUL makes this UTF-8 look like UTF-16."""


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_an_encoding_that_was_guessed_wrong_is_corrected_on_the_page(login, database, now, locale):
    person = accounts.person("admin", locale=locale)
    client = login(person)
    batch = stages.upload(STRAY, kind="places", actor=accounts.actor(person), now=now)
    at = f"/imports/{batch.id}"

    def looked_at():
        looking.run(batch.id, stages.no_step)
        return stages.batch(batch.id), client.get(at).text

    def choose(encoding):
        sent = {"encoding": encoding, "version": stages.batch(batch.id).version}
        assert client.post(f"{at}/reading", data=sent).status_code == 303

    left, page = looked_at()
    chosen = re.search(r'<select id="f-encoding".*?</select>', page, re.DOTALL)[0]
    assert re.findall(r'value="([^"]*)"', chosen) == list(sniffing.CHOICES)
    assert left.layout["encoding"].startswith("utf-16")
    assert f'value="{left.layout["encoding"]}" selected' in chosen
    choose("big5hkscs")
    left, page = looked_at()
    assert (left.state, left.problem["code"]) == ("asking", "wrong_encoding")
    said, _rest, offered = page.partition("<fieldset")
    assert ("Chinese, traditional (Big5)" if locale == "en" else "繁体中文（Big5）") in said
    assert "名称,类型" in offered
    choose("utf-8")
    left, _page = looked_at()
    assert (left.state, left.layout["encoding"], left.layout["header"]) == ("mapping", "utf-8", 1)


def test_a_file_with_a_mark_names_its_encoding_and_may_be_read_as_before(login, database, now):
    person = accounts.person("admin", locale="en")
    data = "编码,名称,类型\r\nS,南校区,校区\r\n".encode("utf-16")
    batch = stages.upload(data, kind="places", actor=accounts.actor(person), now=now)
    looking.run(batch.id, stages.no_step)
    at = f"/imports/{batch.id}"
    client = login(person)
    assert '<option value="">Unicode (UTF-16)</option>' in client.get(at).text
    client.post(f"{at}/reading", data={"encoding": "", "version": stages.batch(batch.id).version})
    looking.run(batch.id, stages.no_step)
    left = stages.batch(batch.id)
    assert (left.state, left.layout["encoding"]) == ("mapping", "utf-16")


def test_a_workbook_is_asked_for_no_encoding(login, database, now):
    person = accounts.person("admin", locale="en")
    data = build.xlsx_bytes([campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]])
    batch = stages.upload(data, kind="places", actor=accounts.actor(person), now=now)
    looking.run(batch.id, stages.no_step)
    assert "f-encoding" not in login(person).get(f"/imports/{batch.id}").text


def test_empty_and_unknown_uploads_are_refused_at_the_door(admin, now, database):
    with pytest.raises(Rejected):
        stages.upload(b"", kind="places", actor=admin, now=now)
    with pytest.raises(Rejected):
        stages.upload(b"a,b", kind="places", actor=admin, now=now, extent="whole")
    student = accounts.actor(accounts.person("student"))
    with pytest.raises(NotAllowed):
        stages.upload(b"a,b", kind="places", actor=student, now=now)


def test_a_decision_on_a_version_no_longer_shown_is_refused(admin, now):
    rows = [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]
    batch = stages.planned(campus.gb18030(rows), kind="places", actor=admin, now=now)
    with pytest.raises(Stale):
        decisions.order(batch.id, actor=admin, now=now, seen=batch.version - 1, background=False)


def test_what_nobody_decides_on_is_withdrawn_after_a_month(admin, now):
    rows = [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]
    batch = stages.planned(campus.gb18030(rows), kind="places", actor=admin, now=now)
    assert tidying.tidy(Actor.system(1), now + timedelta(days=29)) == 0
    assert tidying.tidy(Actor.system(1), now + timedelta(days=31)) == 1
    assert stages.batch(batch.id).state == "withdrawn"
    assert db.session.scalars(select(ImportRow.id).where(ImportRow.batch_id == batch.id)).first() is None
    assert stages.noted(batch.id) == [("upload", "person"), ("withdraw", "system")]


def test_the_file_is_kept_as_long_as_it_may_be_read_again(admin, now):
    """A list of people holds what must not stay, and most lists say what is known already."""
    data = campus.gb18030([campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]])
    withdrawn, first = (stages.planned(data, kind="places", actor=admin, now=now) for _twice in range(2))
    assert stages.has_file(withdrawn.id)
    decisions.withdraw(withdrawn.id, actor=admin, now=now)
    decisions.order(first.id, actor=admin, now=now, background=False)
    assert stages.has_file(first.id)
    application.run(first.id, stages.no_step, actor=admin, now=now)
    known = stages.planned(data, kind="places", actor=admin, now=now)
    assert (stages.batch(first.id).state, known.state) == ("applied", "known")
    for batch in (withdrawn, first, known):
        assert not stages.has_file(batch.id), batch.state


def test_the_system_may_import_but_a_person_only_inside_the_own_scope(admin, now, database):
    rows = [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""], ["N", "北校区", "校区", ""]]
    stages.applied(campus.gb18030(rows), kind="places", actor=Actor.system(1), now=now)
    south = db.session.scalars(select(Place.id).where(Place.code == "S")).one()
    local = accounts.actor(accounts.person("admin", scope_kind="campus", scope_id=south))
    more = [
        campus.PLACE_HEADINGS,
        ["S1", "南一楼", "楼栋", "S"],
        ["N1", "北一楼", "楼栋", "N"],
        ["E", "东校区", "校区", ""],
    ]
    batch = stages.applied(campus.gb18030(more), kind="places", actor=local, now=now)
    assert (batch.counts["new"], batch.counts["refused"], batch.counts["reasons"]) == (1, 2, {"outside_scope": 2})
