"""What happens rarely: runs repeated, files gone, people without the right, names that several have."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import OrgUnit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected
from app.imports import policies, queries
from app.imports.models import ImportProgress
from app.imports.services import application, decisions, dry_run, intake, life, looking, parsing, tidying
from app.imports.services.progress import Meter
from tests.factories import accounts, sites
from tests.imports import stages
from tests.imports.files import build, campus


@pytest.fixture
def student(database):
    return accounts.actor(accounts.person("student"))


def test_every_stage_does_nothing_in_another_state(admin, now):
    batch = stages.one_campus(admin, now)
    looking.run(batch.id, stages.no_step)
    dry_run.run(batch.id, stages.no_step, actor=admin, now=now)
    application.run(batch.id, stages.no_step, actor=admin, now=now)
    application.undo(batch.id, actor=admin, now=now)
    assert stages.batch(batch.id).state == "planned"
    for run in (dry_run.run, application.run):
        run(10**9, stages.no_step, actor=admin, now=now)
    looking.run(10**9, stages.no_step)


@pytest.mark.parametrize("stage", ["look", "plan", "apply"])
def test_a_batch_that_moves_on_while_its_file_is_read_is_left_alone(admin, now, stage):
    data = campus.gb18030(stages.CAMPUS)
    batch = (
        stages.upload(data, kind="places", actor=admin, now=now) if stage == "look" else stages.one_campus(admin, now)
    )
    if stage == "plan":
        decisions.run_again(batch.id, actor=admin, now=now)
    if stage == "apply":
        decisions.order(batch.id, actor=admin, now=now, background=False)

    def meanwhile():
        stages.batch(batch.id).state = "withdrawn"
        db.session.flush()

    if stage == "look":
        looking.run(batch.id, meanwhile)
    elif stage == "plan":
        dry_run.run(batch.id, meanwhile, actor=admin, now=now)
    else:
        application.run(batch.id, meanwhile, actor=admin, now=now)
    assert stages.batch(batch.id).state == "withdrawn"


@pytest.mark.parametrize("stage", ["look", "plan", "apply"])
def test_a_file_that_is_gone_fails_its_batch_with_words(admin, now, stage):
    batch = stages.upload(campus.gb18030(stages.CAMPUS), kind="places", actor=admin, now=now)
    if stage != "look":
        batch = stages.one_campus(admin, now)
    if stage == "plan":
        decisions.run_again(batch.id, actor=admin, now=now)
    if stage == "apply":
        decisions.order(batch.id, actor=admin, now=now, background=False)
    stages.lose_file(batch.id)
    if stage == "look":
        looking.run(batch.id, stages.no_step)
    elif stage == "plan":
        dry_run.run(batch.id, stages.no_step, actor=admin, now=now)
    else:
        application.run(batch.id, stages.no_step, actor=admin, now=now)
    left = stages.batch(batch.id)
    assert (left.state, left.problem["code"]) == ("failed", "file_gone")


def test_a_file_found_broken_only_while_reading_fails(admin, now):
    rows = [*stages.CAMPUS, *([f"R{n}", "x", "房间", "S"] for n in range(20))]
    data = campus.gb18030(rows) + b'Z,"open\r\n'
    batch = stages.upload(data, kind="places", actor=admin, now=now)
    looking.run(batch.id, stages.no_step)
    layout = stages.batch(batch.id).layout
    intake.choose_columns(batch.id, header=1, columns=layout["columns"], actor=admin, now=now, background=False)
    dry_run.run(batch.id, stages.no_step, actor=admin, now=now)
    left = stages.batch(batch.id)
    assert (left.state, left.problem) == ("failed", {"code": "open_quote", "params": {"line": 23}})


def test_an_extent_that_vanished_before_applying_fails(database, now):
    uploader, head = (accounts.actor(accounts.person("registry")) for _ in range(2))
    unit = OrgUnit(kind="college", code="0817", name="化工学院")
    db.session.add(unit)
    db.session.flush()
    rows = [campus.PEOPLE_HEADINGS, campus.person(1, 班级="")]
    batch = stages.planned(campus.gb18030(rows), kind="people", actor=uploader, now=now, extent="0817，0817")
    assert batch.extent == "0817"
    decisions.approve(batch.id, actor=head, now=now, looked_at=True, background=False)
    unit.valid_to = now.date()
    db.session.flush()
    application.run(batch.id, stages.no_step, actor=head, now=now)
    assert stages.batch(batch.id).problem["code"] == "unknown_extent"


def test_who_lacks_the_right_decides_nothing(admin, student, now):
    batch = stages.one_campus(admin, now)
    for act in (
        lambda: decisions.order(batch.id, actor=student, now=now),
        lambda: decisions.approve(batch.id, actor=student, now=now, looked_at=True),
        lambda: decisions.run_again(batch.id, actor=student, now=now),
        lambda: decisions.send_back(batch.id, "no", actor=student, now=now),
        lambda: decisions.withdraw(batch.id, actor=student, now=now),
        lambda: decisions.order_undo(batch.id, actor=student, now=now),
        lambda: intake.back_to_columns(batch.id, actor=student),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert policies.visible_kinds(student) == ()
    assert queries.waiting_for(student) == 0


def test_the_register_of_people_is_nobodys_who_looks_after_a_part_only(database, now):
    from app.accounts.models import OrgUnit as Unit

    college = Unit(kind="college", code="Q1", name="学院")
    db.session.add(college)
    db.session.flush()
    partly = accounts.actor(accounts.person("registry", scope_kind="org", scope_id=college.id))
    assert policies.can_run(partly)
    assert policies.visible_kinds(partly) == ()
    with pytest.raises(NotAllowed):
        stages.upload(b"a", kind="people", actor=partly, now=now)


def test_moves_there_are_not_are_refused(admin, now):
    batch = stages.one_campus(admin, now)
    other = accounts.actor(accounts.person("admin"))
    with pytest.raises(Conflict):
        decisions.approve(batch.id, actor=other, now=now, looked_at=True)  # places wait for nobody
    decisions.withdraw(batch.id, actor=admin, now=now)
    for act in (decisions.withdraw, decisions.order, decisions.run_again):
        with pytest.raises(Conflict):
            act(batch.id, actor=admin, now=now)
    with pytest.raises(NotFound):
        life.locked(10**9)


def test_too_large_and_too_much_is_refused_at_the_door(admin, now, monkeypatch):
    monkeypatch.setattr(intake.sniffing, "MAX_BYTES", 4)
    with pytest.raises(Rejected):
        stages.upload(b"12345", kind="places", actor=admin, now=now)
    monkeypatch.undo()
    codes = ",".join(str(n) for n in range(intake.MAX_CODES + 1))
    with pytest.raises(Rejected):
        stages.upload(b"12345", kind="people", actor=admin, now=now, extent=codes)
    batch = stages.upload(campus.gb18030(stages.CAMPUS), kind="places", actor=admin, now=now)
    looking.run(batch.id, stages.no_step)
    with pytest.raises(Rejected):
        intake.choose_reading(batch.id, encoding=None, sheet="nowhere", actor=admin, now=now)


def test_ordered_in_the_background_every_stage_is_an_event(admin, now):
    batch = stages.upload(campus.gb18030(stages.CAMPUS), kind="places", actor=admin, now=now, background=True)
    stages.work_off()
    shown = stages.batch(batch.id)
    intake.choose_columns(batch.id, header=1, columns=shown.layout["columns"], actor=admin, now=now)
    stages.work_off()
    assert stages.batch(batch.id).state == "planned"


def test_a_file_of_blank_rows_is_empty_and_a_path_is_no_name(admin, now):
    batch = stages.upload(b",,\n,,\n", kind="places", actor=admin, now=now, filename="C:\\lists\\..\\rooms\n.csv")
    assert batch.filename == "rooms.csv"
    looking.run(batch.id, stages.no_step)
    assert stages.batch(batch.id).problem["code"] == "empty"
    assert stages.upload(b"a", kind="places", actor=admin, now=now, filename="///").filename == "file"


@pytest.mark.parametrize("blank", [[], ["", "", "", ""]])
@pytest.mark.parametrize("make", [campus.gb18030, build.xlsx_bytes])
def test_headings_alone_are_no_list(admin, now, make, blank):
    batch = stages.planned(make([campus.PLACE_HEADINGS, blank]), kind="places", actor=admin, now=now)
    assert (batch.state, batch.problem["code"]) == ("failed", "no_rows")
    assert not stages.has_file(batch.id)


def test_progress_is_written_now_and_then_and_ends_the_transaction(admin, now, monkeypatch):
    batch = stages.one_campus(admin, now)
    db.session.commit()
    stepped = []
    meter = Meter(batch.id, "reading", 0, lambda: stepped.append(1))
    meter(10)
    assert stepped == []
    moment = iter(range(100, 1000, 10))
    monkeypatch.setattr("app.imports.services.progress.time.monotonic", lambda: next(moment) + 10**9)
    meter(20)
    assert stepped == [1]
    db.session.expire_all()
    assert db.session.scalars(select(ImportProgress.done).where(ImportProgress.batch_id == batch.id)).one() == 20


def test_many_rows_are_pulsed(admin):
    from app.imports import registry

    told = []
    rows = [campus.PLACE_HEADINGS, *([f"R{n}", "x", "房间", "S"] for n in range(2100))]
    layout = {"kind": "csv", "encoding": "gb18030", "delimiter": ",", "sheets": [], "sheet": None, "header": 1}
    layout |= {"columns": {"code": 0}, "headings": campus.PLACE_HEADINGS}
    found = parsing.read(io.BytesIO(campus.gb18030(rows)), layout, registry.importer("places"), told.append)
    assert told == [1000, 2000]
    assert len(found.lines) == 2100


def test_an_importer_that_loses_a_row_is_stopped(admin, now, monkeypatch):
    from app.sites.importer import PlaceImporter

    monkeypatch.setattr(PlaceImporter, "plan", lambda *_args: iter(()))
    with pytest.raises(AssertionError, match="every row exactly once"):
        stages.one_campus(admin, now)


def test_only_open_batches_are_tidied(admin, now):
    batch = stages.one_campus(admin, now)
    later = now + timedelta(days=40)
    decisions.order(batch.id, actor=admin, now=now, background=False)
    assert tidying.tidy(Actor.system(1), later) == 0
    assert Actor.system(1).can("imports.run")


def test_a_place_others_stand_in_is_named_once(admin, now):
    room = sites.room()
    from app.core import references
    from app.sites.models import Place

    assert references.referring(Place, []) == {}
    found = references.referring(Place, [room.parent_id], besides=["person_home"])
    assert found == {room.parent_id: "place"}


def test_an_import_of_changes_alone_is_undone(admin, now):
    stages.applied(campus.gb18030(stages.CAMPUS), kind="places", actor=admin, now=now)
    batch = stages.applied(
        campus.gb18030([campus.PLACE_HEADINGS, ["S", "改名", "校区", ""]]), kind="places", actor=admin, now=now
    )
    decisions.order_undo(batch.id, actor=admin, now=now)
    application.undo(batch.id, actor=admin, now=now)
    assert stages.batch(batch.id).state == "undone"
