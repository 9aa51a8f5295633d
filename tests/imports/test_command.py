"""`flask import KIND FILE`: the same engine, the same answer."""

import json
import re

import pytest
from sqlalchemy import func, select

from app.core.db import db
from app.imports import cli
from app.imports.models import ImportBatch
from app.imports.services import progress
from app.sites.models import Place
from tests.factories import accounts
from tests.imports import stages
from tests.imports.files import build, campus


@pytest.fixture
def run(app, database, tmp_path):
    def command(kind, rows, *options):
        file = tmp_path / f"{kind}.csv"
        file.write_bytes(rows if isinstance(rows, bytes) else campus.gb18030(rows))
        return app.test_cli_runner().invoke(args=["import", kind, str(file), *options])

    return command


def places():
    db.session.expire_all()
    return db.session.scalar(select(func.count()).select_from(Place).where(Place.valid_to.is_(None)))


def test_rooms_are_read_taken_refused_and_known_the_second_time(run):
    rows, wrong = campus.places(rooms=500, bad=37)
    first = run("places", rows)
    assert first.exit_code == 1, first.output
    lines = first.output.splitlines()
    assert lines[0] == "read 611, taken 574, refused 37"
    named = re.findall(r"\d+(?=[ ,\d]* 行)", "\n".join(re.sub(r"^  \d+ 行（", "", line) for line in lines[1:]))
    assert sorted(map(int, named)) == wrong
    assert places() == 574
    second = run("places", rows)
    assert second.exit_code == 1
    assert second.output.splitlines()[0] == "read 611, known 574, refused 37"


def test_good_lists_end_with_zero_and_speak_json(run):
    rows, _wrong = campus.places(rooms=20, bad=0)
    done = run("places", rows, "--json")
    assert done.exit_code == 0
    report = json.loads(done.output)
    assert (report["read"], report["taken"], report["refused"], report["state"]) == (131, 131, 0, "applied")


def test_a_terminal_shows_how_far_it_is_and_nothing_else_does(run, app, monkeypatch):
    monkeypatch.setitem(app.config, "DEFAULT_LOCALE", "en")
    rows, _wrong = campus.places(rooms=1200, bad=0)
    assert "Reading" not in run("places", rows, "--dry-run").stderr, "no terminal: a log, a pipe"
    monkeypatch.setattr(cli, "_on_terminal", lambda: True)
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0)
    done = run("places", rows)
    said = done.stderr.split("\r")
    for line in (
        "Reading the file: 1,000 rows",
        "Comparing with the register: 1,000 of 1,311 rows",
        "Writing the rows, all in one go …",
    ):
        assert line in said
    assert said[-1] == "", "the line is gone at the end"
    assert done.stdout.splitlines()[0] == "read 1311, taken 1311, refused 0"
    assert run("places", rows, "--json").stderr == ""


def test_a_dry_run_writes_nothing(run):
    rows, _wrong = campus.places(rooms=20, bad=2)
    done = run("places", rows, "--dry-run")
    assert done.output.splitlines()[0] == "read 131, would take 129, refused 2"
    assert done.exit_code == 1
    assert places() == 0
    assert db.session.scalars(select(ImportBatch.state)).one() == "withdrawn"


def test_a_dry_run_is_called_so_and_counts_nothing_as_written(run, login):
    run("places", campus.places(rooms=20, bad=0)[0], "--dry-run")
    page = login(accounts.person("admin")).get("/imports").text
    assert "仅试运行" in page
    assert "已撤回" not in page
    row = " ".join(page[page.index("<tbody") : page.index("</tbody")].split())
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row)]
    assert cells.count("131") == 1  # read, and not said to be written
    assert "命令行" in row
    assert "system" not in row


@pytest.mark.parametrize(("tag", "said"), [("en", "student, staff"), ("zh-CN", "学生、教职工")])
def test_a_line_speaks_one_language_and_names_what_is_taken(run, app, monkeypatch, tag, said):
    monkeypatch.setitem(app.config, "DEFAULT_LOCALE", tag)
    rows = [["学号", "姓名", "人员类别"], ["2026000001", "张三", "外星"]]
    line = run("people", rows, "--dry-run").output.splitlines()[1]
    assert said in line
    latin = re.sub(r"“.*?”|One of: [^.]*|学生, 教职工", "", line)
    assert re.search(r"[\u4e00-\u9fff]" if tag == "en" else r"[A-Za-z]", latin) is None


def test_strict_applies_nothing_where_a_row_is_refused(run):
    rows, _wrong = campus.places(rooms=20, bad=2)
    done = run("places", rows, "--strict")
    assert done.exit_code == 1
    assert places() == 0


def test_people_wait_for_approval_unless_somebody_approves(run):
    rows = [campus.PEOPLE_HEADINGS, *(campus.person(n, 院系="", 班级="") for n in range(50))]
    waiting = run("people", rows)
    assert waiting.exit_code == 0
    batch = db.session.scalars(select(ImportBatch)).one()
    assert waiting.output.splitlines() == ["read 50, would take 50, refused 0", f"waits for approval I-{batch.id:04d}"]
    accounts.person("student", username="nobody")
    assert run("people", rows, "--approve-as", "nobody").exit_code == 2
    accounts.person("registry", username="chief")
    done = run("people", rows, "--approve-as", "chief")
    assert (done.exit_code, done.output) == (0, "read 50, taken 50, refused 0\n")
    assert run("people", rows, "--approve-as", "stranger").output.splitlines()[0] == "read 50, known 50, refused 0"


def test_a_plan_of_the_command_is_approved_in_the_browser(run, client, login):
    run("people", [campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")])
    batch = db.session.scalars(select(ImportBatch)).one()
    login(accounts.person("registry", locale="en"))
    client.post(f"/imports/{batch.id}/approve", data={"version": batch.version})
    stages.work_off()
    assert stages.batch(batch.id).state == "applied"


def test_the_browser_gives_the_same_answer(run, app, client, login, tmp_path):
    rows, _wrong = campus.places(rooms=200, bad=37)
    by_command = json.loads(run("places", rows, "--dry-run", "--json").output)
    admin = accounts.actor(accounts.person("admin"))
    batch = stages.planned(campus.gb18030(rows), kind="places", actor=admin, now=_now())
    assert {name: batch.counts[name] for name in ("read", "new", "refused")} == {
        name: by_command[name] for name in ("read", "new", "refused")
    }
    refused = client_rows(batch.id)
    assert [(row["row"], row["code"]) for row in by_command["rows"]] == refused


def client_rows(batch_id):
    from app.imports import queries

    return [(row.number, why["code"]) for row in queries.every_row(batch_id, "refused") for why in row.reasons]


def _now():
    from app.core import clock

    return clock.now()


def test_files_that_cannot_be_used_end_with_two(run):
    done = run("places", b"%PDF-1.4")
    assert done.exit_code == 2
    big5 = "學號,姓名,宿舍\r\n101,陳怡君,學生宿舍男一舍\r\n102,張雅婷,學生宿舍女二舍\r\n".encode("big5")
    asked = run("places", big5)
    assert asked.exit_code == 2
    assert "big5hkscs" in asked.output
    named = run("places", big5, "--encoding", "big5hkscs")
    assert named.exit_code == 2
    assert run("spaceships", b"a,b").exit_code == 2
    assert run("places", b"a,b\n1,2\n", "--institution", "nowhere").exit_code == 2
    assert json.loads(run("places", b"", "--json").output)["error"]


def test_a_workbook_without_the_headings_is_asked_for_its_sheet(run):
    answer = run("places", build.xlsx_bytes([["请看"]], sheet="说明", more=[("数据", [["1", "2"]])]))
    assert answer.exit_code == 2
    assert "--sheet" in answer.output
    assert "说明, 数据" in answer.output
