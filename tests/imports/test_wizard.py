"""The wizard in a browser without scripts: upload, columns, dry run, decision, result."""

import io
import re

import pytest
from sqlalchemy import func, select

from app.accounts.models import Person, PersonIdentifier
from app.core.db import db
from app.imports import wording
from app.imports.models import ImportBatch
from app.sites.models import Place
from app.wiring import IMPORTERS
from tests.factories import accounts
from tests.imports import stages
from tests.imports.files import build, campus


@pytest.fixture
def admin(database, login):
    return login(accounts.person("admin", locale="en"))


def send(client, data, **fields):
    form = {"kind": "places", "scope": "none", "file": (io.BytesIO(data), "rooms 清单.csv"), **fields}
    return client.post("/imports/new", data=form, content_type="multipart/form-data")


def newest():
    db.session.expire_all()
    return db.session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc())).first()


def columns_form(batch):
    chosen = {f"column-{name}": str(index) for name, index in batch.layout["columns"].items()}
    return {"header": str(batch.layout["header"]), "version": str(batch.version), **chosen}


def walk_to_plan(client, data, **fields):
    answer = send(client, data, **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert "being looked at" in client.get(answer.location).text
    stages.work_off()
    batch = newest()
    page = client.get(f"/imports/{batch.id}").text
    assert "Which column holds what?" in page
    answer = client.post(f"/imports/{batch.id}/columns", data=columns_form(batch))
    assert answer.status_code == 303
    stages.work_off()
    return newest()


def test_a_list_of_rooms_goes_from_upload_to_undo(admin):
    rows, _wrong = campus.places(rooms=100, bad=7)
    batch = walk_to_plan(admin, campus.gb18030(rows))
    assert batch.state == "planned"
    page = admin.get(f"/imports/{batch.id}").text
    for expected in ("Ready to apply", "A rare character was saved as a question mark", "204 rows", "GB18030", "row 2"):
        assert expected in page
    answer = admin.post(f"/imports/{batch.id}/apply", data={"version": batch.version})
    assert answer.status_code == 303
    stages.work_off()
    batch = newest()
    assert batch.state == "applied"
    assert "can be taken back until" in admin.get(f"/imports/{batch.id}").text
    assert db.session.scalar(select(func.count()).select_from(Place)) == 204
    admin.post(f"/imports/{batch.id}/undo", data={"version": batch.version})
    stages.work_off()
    assert newest().state == "undone"
    listed = admin.get("/imports").text
    assert f"I-{batch.id:04d}" in listed
    assert "taken back" in listed


def test_a_stage_under_way_is_polled_and_then_left(admin):
    send(admin, campus.gb18030([campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]))
    batch = newest()
    fragment = admin.get(f"/imports/{batch.id}/state")
    assert f'hx-get="/imports/{batch.id}/state"' in fragment.text
    assert "HX-Redirect" not in fragment.headers
    stages.work_off()
    assert admin.get(f"/imports/{batch.id}/state").headers["HX-Redirect"] == f"/imports/{batch.id}"


def test_a_file_that_is_missing_or_empty_or_of_no_kind_is_refused_beside_the_field(admin):
    assert admin.post("/imports/new", data={"kind": "places"}).status_code == 422
    answer = send(admin, b"")
    assert answer.status_code == 422
    assert "The file is empty" in answer.text
    assert send(admin, b"a,b", kind="spaceships").status_code == 404
    assert send(admin, b"a,b", scope="whole").status_code == 422
    unnamed = send(admin, b"a,b", kind="people", scope="codes")
    assert unnamed.status_code == 422
    assert "Name the codes" in unnamed.text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"%PDF-1.7", "This is no table"),
        (b"<html><table></table></html>", "only calls itself a table"),
        (b'a,b\n1,"open\n', "is never closed"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_what_to_do(admin, data, sentence):
    send(admin, data)
    stages.work_off()
    batch = newest()
    page = admin.get(f"/imports/{batch.id}").text
    assert sentence in page
    assert "Upload another file" in page


def test_the_encoding_is_asked_with_previews(admin):
    send(admin, "學號,姓名\r\n101,陳怡君,學生宿舍男一舍\r\n102,張雅婷,學生宿舍女二舍\r\n".encode("big5"))
    stages.work_off()
    batch = newest()
    page = admin.get(f"/imports/{batch.id}").text
    assert "陳怡君" in page
    answer = admin.post(f"/imports/{batch.id}/reading", data={"encoding": "big5hkscs", "version": batch.version})
    assert answer.status_code == 303
    stages.work_off()
    assert newest().state == "mapping"


def test_columns_that_do_not_fit_come_back_with_the_reason(admin):
    send(admin, campus.gb18030([campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]))
    stages.work_off()
    batch = newest()
    form = {**columns_form(batch), "column-name": "0"}
    answer = admin.post(f"/imports/{batch.id}/columns", data=form)
    assert answer.status_code == 422
    assert "already used for another field" in answer.text
    for beyond in ("9" * 5000, "99999", "²"):
        answer = admin.post(f"/imports/{batch.id}/columns", data={**columns_form(batch), "column-code": beyond})
        assert answer.status_code == 422
        assert "The file has no such column." in answer.text


def test_another_heading_row_can_be_chosen(admin):
    rows = [["甲", "乙"], ["S", "南校区"], ["编码", "名称"]]
    send(admin, campus.gb18030(rows))
    stages.work_off()
    batch = newest()
    assert batch.layout["header"] == 3
    page = admin.get(f"/imports/{batch.id}?header=1").text
    assert 'name="header" value="1"' in page


def test_a_stale_page_decides_nothing(admin):
    batch = walk_to_plan(admin, campus.gb18030([campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]))
    answer = admin.post(f"/imports/{batch.id}/apply", data={"version": batch.version - 1})
    assert answer.status_code == 412
    assert newest().state == "planned"


def test_columns_can_be_chosen_anew_and_a_plan_run_again_or_dropped(admin):
    batch = walk_to_plan(admin, campus.gb18030([campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]))
    admin.post(f"/imports/{batch.id}/again", data={"version": batch.version})
    stages.work_off()
    assert newest().state == "planned"
    admin.post(f"/imports/{batch.id}/back", data={"version": newest().version})
    assert newest().state == "mapping"
    admin.post(f"/imports/{batch.id}/withdraw", data={"version": newest().version})
    assert newest().state == "withdrawn"
    assert "was dropped" in admin.get(f"/imports/{batch.id}").text


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_refused_rows_are_downloaded_mended_and_taken(admin, form):
    rows, _wrong = campus.places(rooms=50, bad=7)
    rows[5][1] = "=HYPERLINK(1)"
    batch = walk_to_plan(admin, campus.gb18030(rows))
    admin.post(f"/imports/{batch.id}/apply", data={"version": batch.version})
    stages.work_off()
    answer = admin.get(f"/imports/{batch.id}/refused.{form}", buffered=True)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    again = walk_to_plan(admin, answer.data)
    assert (again.state, again.counts["read"], again.counts["refused"]) == ("known", 7, 7)
    page = admin.get(f"/imports/{again.id}").text
    assert "every row refused" in page
    assert "all known" not in page
    assert again.layout["headings"][2:] == campus.PLACE_HEADINGS
    assert admin.get(f"/imports/{batch.id}/refused.pdf").status_code == 404


@pytest.mark.parametrize("kind", ["places", "people"])
@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_empty_tables_have_headings_the_wizard_knows(client, login, kind, form, locale):
    browser = login(accounts.person("admin", locale=locale))
    answer = browser.get(f"/imports/templates/{kind}.{form}", buffered=True)
    assert answer.status_code == 200
    from app.imports import registry
    from app.imports.rules import headings, reading, sniffing
    from app.imports.services import looking

    stream = io.BytesIO(answer.data)
    first = reading.open_table(stream, sniffing.sniff(stream)).first(1)
    columns = looking.known_columns(registry.importer(kind))
    found = headings.suggest(first[0].cells, columns)
    assert set(found.columns) == {column.name for column in columns}


def test_rows_of_every_outcome_have_a_page(admin):
    rows, _wrong = campus.places(rooms=60, bad=7)
    batch = walk_to_plan(admin, campus.gb18030(rows))
    for outcome, status in (("new", 200), ("refused", 200), ("changed", 200), ("missing", 200), ("same", 404)):
        assert admin.get(f"/imports/{batch.id}/rows/{outcome}").status_code == status
    assert "No code" not in admin.get(f"/imports/{batch.id}/rows/new").text


def test_people_are_approved_by_somebody_else(client, login, database):
    uploader, head = accounts.person("registry", locale="en"), accounts.person("registry", locale="en")
    login(uploader)
    rows = [campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")]
    batch = walk_to_plan(client, campus.gb18030(rows), kind="people")
    assert batch.state == "waiting"
    page = client.get(f"/imports/{batch.id}").text
    assert "another person must approve it" in page
    assert "Approve and apply" not in page
    answer = client.post(f"/imports/{batch.id}/approve", data={"version": batch.version})
    assert answer.status_code == 403
    login(head)
    assert "Approve and apply" in client.get(f"/imports/{batch.id}").text
    client.post(f"/imports/{batch.id}/approve", data={"version": batch.version})
    stages.work_off()
    assert newest().state == "applied"
    assert newest().decided_by == head.id
    assert db.session.scalars(select(PersonIdentifier.value).where(PersonIdentifier.kind == "student_no")).one()


def test_names_that_change_are_looked_at_one_by_one_before_approval(client, login, database):
    """handbook/dorms-rules.md E: the rows are one click away, and the approver says that he has seen them."""
    uploader, head, people = stages.registered(4)
    login(uploader)
    renamed, renumbered = campus.person(1, 姓名="新名甲"), campus.person(2, 学号="2027000002")
    rows = [[*each[:5], "", ""] for each in (people[0], renamed, renumbered, people[3])]
    batch = walk_to_plan(client, campus.gb18030([campus.PEOPLE_HEADINGS, *rows]), kind="people")
    login(head)
    at = f"/imports/{batch.id}"
    page = client.get(at).text
    for way in (f"{at}/remarks/name_changes", f"{at}/rows/changed?field=name"):
        assert f'href="{way}"' in page
        listed = client.get(way).text
        assert "新名甲" in listed
        assert "2027000002" not in listed
    assert "2027000002" in client.get(f"{at}/remarks/number_changes").text
    for nonsense in ("remarks/spaceship", "remarks/%00", "rows/changed?field=spaceship", "rows/changed?field=%00"):
        assert client.get(f"{at}/{nonsense}").status_code == 404
    blind = client.post(f"{at}/approve", data={"version": batch.version})
    assert blind.status_code == 422
    assert "one by one first" in blind.text
    assert newest().state == "waiting"
    client.post(f"{at}/approve", data={"version": batch.version, "looked_at": "1"})
    stages.work_off()
    assert newest().state == "applied"


def keys(page):
    """The keys a page names, with their words."""
    said = re.findall(r"<span data-keys-of>((?:<kbd>.*?</kbd>)+) (.*?)</span>", page)
    return {" ".join(re.findall(r"<kbd>(.*?)</kbd>", caps)): words for caps, words in said}


def test_keys_go_through_the_rows_and_stop_at_what_asks_for_a_look(client, login, database):
    uploader, _head, loaded = stages.registered(3)
    login(uploader)
    rows = [campus.person(0, 院系="", 班级="", 姓名="新名甲"), loaded[1], campus.person(9, 院系="9999", 班级="")]
    batch = walk_to_plan(client, campus.gb18030([campus.PEOPLE_HEADINGS, *rows]), kind="people")
    page = client.get(f"/imports/{batch.id}").text
    renamed = db.session.scalars(select(Person).where(Person.name == campus.person(0)[1])).one()
    items = re.findall(r"<tr[^>]* data-item.*?</tr>", page[page.index("data-list") :], re.DOTALL)
    assert [("data-doubt" in each, f'href="/people/{renamed.id}"' in each) for each in items] == [
        (True, True),
        (False, False),
    ], "the renamed one, then the refused one, of whom nobody is known"
    assert keys(page) == {
        "j k": "up, down",
        "Enter": "open",
        "n": "next one to look at",
        "d": "download the refused rows",
    }
    refused = client.get(f"/imports/{batch.id}/rows/refused").text
    assert keys(refused) == {"j k": "up, down", "d": "download the refused rows"}
    assert "data-item" in refused


def test_what_a_list_has_made_opens_while_it_stands(admin):
    batch = walk_to_plan(admin, campus.gb18030([campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]))
    at = f"/imports/{batch.id}"
    assert "Enter" not in keys(admin.get(at).text)
    admin.post(f"{at}/apply", data={"version": batch.version})
    stages.work_off()
    made = db.session.scalars(select(Place).where(Place.code == "S")).one()
    assert f'href="/places/{made.id}"' in admin.get(at).text
    assert admin.get(f"/places/{made.id}").status_code == 200
    admin.post(f"{at}/undo", data={"version": newest().version})
    stages.work_off()
    assert f'href="/places/{made.id}"' not in admin.get(at).text


def test_a_plan_is_sent_back_with_a_reason(client, login, database):
    uploader, head = accounts.person("registry", locale="en"), accounts.person("registry", locale="en")
    login(uploader)
    batch = walk_to_plan(
        client, campus.gb18030([campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")]), kind="people"
    )
    login(head)
    assert client.post(f"/imports/{batch.id}/return", data={"version": batch.version}).status_code == 422
    client.post(f"/imports/{batch.id}/return", data={"version": batch.version, "reason": "wrong term"})
    login(uploader)
    page = client.get(f"/imports/{batch.id}").text
    assert "wrong term" in page


def test_a_decision_that_comes_too_late_shows_the_import_as_it_is(client, login, database):
    uploader = accounts.person("registry", locale="en")
    first, second = (accounts.person("registry", locale="en", name=name) for name in ("甲主管", "乙主管"))
    login(uploader)
    batch = walk_to_plan(
        client, campus.gb18030([campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")]), kind="people"
    )
    at, seen = f"/imports/{batch.id}", {"version": batch.version}
    login(second)
    stale = client.post(f"{at}/return", data={"version": batch.version - 1, "reason": "wrong term"})
    assert stale.status_code == 412
    assert "Nothing is done: look at it before you repeat the step." in stale.text
    assert 'name="reason"' in stale.text
    assert 'value="wrong term"' in stale.text, "what was typed stays"
    login(first)
    assert client.post(f"{at}/approve", data=seen).status_code == 303
    login(second)
    late = client.post(f"{at}/approve", data=seen)
    assert late.status_code == 412
    assert "last by 甲主管" in late.text
    assert f'hx-get="{at}/state"' in late.text, "the page of the import, as far as it is"
    impossible = client.post(f"{at}/return", data={"version": newest().version, "reason": "wrong term"})
    assert impossible.status_code == 409
    assert "The import has moved on." in impossible.text
    assert f'hx-get="{at}/state"' in impossible.text
    login(uploader)
    for act in ("reading", "columns", "back", "again", "apply", "withdraw", "undo"):
        for version, status in ((seen["version"], 412), (newest().version, 409)):
            answer = client.post(f"{at}/{act}", data={**columns_form(batch), "version": version})
            assert (answer.status_code, "Back to the start" in answer.text) == (status, False), (act, answer.text)
            assert f'hx-get="{at}/state"' in answer.text
    assert newest().state == "applying"


def test_who_may_not_import_sees_nothing(client, login, database):
    login(accounts.person("student"))
    assert client.get("/imports").status_code == 403
    login(accounts.person("energy", locale="en"))
    assert client.get("/imports/new").status_code == 403, "no kind is theirs"
    assert send(client, b"a,b", kind="people").status_code == 403


def test_batches_of_another_kind_are_not_there(client, login, admin):
    batch = walk_to_plan(admin, campus.gb18030([campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]))
    login(accounts.person("registry"))
    assert client.get(f"/imports/{batch.id}").status_code == 404
    assert client.post(f"/imports/{batch.id}/withdraw").status_code == 404
    assert client.get(f"/imports/{2**63}").status_code == 404


def test_a_workbook_with_several_sheets_offers_them(admin):
    data = build.xlsx_bytes([["说明"]], "说明", more=[("房间", [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]])])
    send(admin, data)
    stages.work_off()
    batch = newest()
    admin.post(f"/imports/{batch.id}/reading", data={"sheet": "房间", "version": batch.version})
    stages.work_off()
    assert newest().layout["header"] == 1
    assert newest().layout["columns"] == {"code": 0, "name": 1, "kind": 2, "parent": 3}


def test_what_is_said_of_many_rows_has_no_figures_of_one():
    """A reason with figures needs words of its own for the summary, whose rows have different ones."""
    of_files = {"too_many_missing", "unknown_extent"}
    for importer in IMPORTERS:
        for code in {**wording.CELLS, **importer.wording}.keys() - of_files:
            words = wording.wording_of(code, importer)
            assert "%(" not in str(words.message if words.many is None else words.many), code
            assert "–" not in wording.summary(code, importer)
