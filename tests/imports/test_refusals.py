"""Refused rows told together: one line for what many rows share, with the way to each of them."""

import json
import re

import pytest
from sqlalchemy import func, select

from app.core import tables
from app.core.db import db
from app.imports import queries
from app.imports.models import ImportRow
from app.sites.models import Place
from tests.counting import counted
from tests.factories import accounts, sites
from tests.imports import stages
from tests.imports.files import campus

HEADINGS = ["校区", "楼栋", "房间号"]


def rows(unknown=300):
    """Rooms of a building there is not, two of another, one of none at all, and one that is right."""
    there = [["南校区", "9号楼", f"9{n:03d}"] for n in range(unknown)]
    return [
        HEADINGS,
        ["南校区", "8号楼", "801"],
        *there,
        ["南校区", "8号楼", "802"],
        ["", "", "77"],
        ["南校区", "3号楼", "1"],
    ]


@pytest.fixture
def admin(database):
    sites.building(sites.campus("南校区", "S"), "3号楼", "TY3")
    return accounts.person("admin", locale="en")


@pytest.fixture
def batch(admin, now):
    return stages.planned(campus.gb18030(rows()), kind="places", actor=accounts.actor(admin), now=now)


def test_rows_refused_alike_are_one_group(batch):
    with counted() as sent:
        found = queries.refusals(batch.id, 50)
    assert len(sent) == 1
    told = [(each.why.column, each.why.code, each.why.value, each.count, each.rows[:2]) for each in found]
    assert told == [
        ("building", "unknown_parent", "9号楼", 300, (3, 4)),
        ("building", "unknown_parent", "8号楼", 2, (2, 303)),
        ("parent", "no_parent", "", 1, (304,)),
    ]
    assert sum(each.count for each in found) == batch.counts["refused"]
    assert [each.why.value for each in queries.refusals(batch.id, 1)] == ["9号楼"]


@pytest.mark.parametrize(
    ("locale", "said"), [("en", ("Refused for the same reason", "300 rows")), ("zh-CN", ("因同一原因被拒绝", "300 行"))]
)
def test_the_page_tells_them_together_and_leads_to_each(admin, batch, login, locale, said):
    admin.locale = locale
    db.session.flush()
    client = login(admin)
    page = client.get(f"/imports/{batch.id}").text
    for each in (*said, "9号楼", "8号楼"):
        assert each in page
    shared = page[page.index(said[0]) :].partition("</table>")[0]
    assert shared.count('<th scope="row"') == 2, "what befell one row alone is no group"
    asked = {"code": "unknown_parent", "column": "building", "value": "8号楼"}
    listed = client.get(f"/imports/{batch.id}/rows/refused", query_string=asked).text
    assert listed.count('<th scope="row"') == 2
    assert "9号楼" not in listed
    more = client.get(f"/imports/{batch.id}/rows/refused", query_string={**asked, "value": "9号楼"}).text
    assert more.count('<th scope="row"') == 100
    assert "value=9" in more, "the next hundred are of the same reason"
    for nonsense in ({"code": "\x00"}, {"code": "x", "value": "\x00"}):
        assert client.get(f"/imports/{batch.id}/rows/refused", query_string=nonsense).status_code == 404


def test_every_row_is_in_the_download(admin, batch, login):
    answer = login(admin).get(f"/imports/{batch.id}/refused.csv", buffered=True)
    assert answer.get_data().decode("utf-8-sig").count("号楼") == 302
    stored = select(func.count()).select_from(ImportRow).where(ImportRow.batch_id == batch.id)
    assert db.session.scalar(stored.where(ImportRow.outcome == "refused")) == 303


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_refused_rows_come_back_to_the_character(admin, login, now, form, locale):
    """What is uploaded again means what the first file meant, whatever a spreadsheet or a page would make of it."""
    admin.locale = locale
    names = ["-1层储藏室", "+2层", "'-3层", "''=1", "@home", "'普通", "名" * 130, "长" * tables.LONGEST_CELL + "尾"]
    kept = [["南校区", "9号楼", str(n), name] for n, name in enumerate(names)]
    lists = [[*HEADINGS, "名称"], *kept]
    actor = accounts.actor(admin)
    batch = stages.planned(campus.gb18030(lists), kind="places", actor=actor, now=now)
    assert batch.counts["refused"] == len(names)
    answer = login(admin).get(f"/imports/{batch.id}/refused.{form}", buffered=True)
    if form == "csv":
        assert not re.search(r'(^|,)"?[=+@-]', answer.get_data().decode("utf-8-sig"), re.MULTILINE)
    sites.building(db.session.scalars(select(Place).where(Place.code == "S")).one(), "9号楼", "TY9")
    again = stages.planned(answer.data, kind="places", actor=actor, now=now)
    taken = queries.rows(again.id, "new", limit=20).items
    assert [row.label for row in taken] == names[:6]
    refused = queries.rows(again.id, "refused", limit=20).items
    assert [(row.reasons[0]["code"], row.reasons[0]["params"]["length"]) for row in refused] == [
        ("too_long", 130),
        ("too_long", tables.LONGEST_CELL),
    ]


def test_an_apostrophe_of_somebody_elses_list_stays(admin, now):
    lists = [[*HEADINGS, "名称"], ["南校区", "3号楼", "5", "'-3层"]]
    batch = stages.planned(campus.gb18030(lists), kind="places", actor=accounts.actor(admin), now=now)
    assert [row.label for row in queries.rows(batch.id, "new", limit=20).items] == ["'-3层"]


def test_the_command_tells_them_together_too(app, admin, tmp_path):
    file = tmp_path / "rooms.csv"
    file.write_bytes(campus.gb18030(rows(40)))
    told = app.test_cli_runner().invoke(args=["import", "places", str(file), "--dry-run"]).output.splitlines()
    assert told[0] == "read 44, would take 1, refused 43"
    assert len(told) == 4
    every = ", ".join(map(str, range(3, 43)))
    assert told[1].startswith(f"  40 行（第 {every} 行），楼栋 “9号楼”"), "each refused row is named"
    assert told[3].startswith("  第 44 行")
    done = app.test_cli_runner().invoke(args=["import", "places", str(file), "--dry-run", "--json"])
    report = json.loads(done.output)
    assert [(each["count"], each["value"]) for each in report["groups"]] == [(40, "9号楼"), (2, "8号楼"), (1, "")]
    assert len(report["rows"]) == 43
