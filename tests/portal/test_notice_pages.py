"""Notices over HTTP: read, written, hinted at on the report form; the API as the contract has it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.portal.models import Notice
from app.portal.rules.notices import Kind
from app.portal.services import notices as services
from app.sites import queries as sites
from app.sites.models import PlaceSticker
from tests.counting import counted
from tests.editing import fields_of, save
from tests.factories import accounts, notices, tickets
from tests.tickets.calling import Caller

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def ground(database: Session, frozen: datetime) -> tickets.Ground:
    made = tickets.Ground()
    made.student.locale = made.dispatcher.locale = "en"
    accounts.home(made.student, made.room.id)
    return made


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    found: str = answer.get_data(as_text=True)
    return found


def form(**more: Any) -> dict[str, Any]:
    return {
        "kind": "outage",
        "utility": "water",
        "starts_at": "2026-11-18T13:00",
        "ends_at": "2026-11-18T15:00",
        "title_zh": "桃园停水",
        "title_en": "No water in Taoyuan",
        "act": "keep",
        **more,
    }


def test_an_outage_from_draft_to_the_students_home(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session
) -> None:
    desk = login(ground.dispatcher)
    assert "Announce an outage" in text(desk.get("/notices/desk"))
    kept = desk.post("/notices/new", data=form(places=[str(ground.building.id)]))
    assert kept.status_code == 303
    page = text(desk.get(kept.location))
    assert "What readers see" in page
    assert "Today, 13:00–15:00" in page
    assert "2 people will see it" in page  # the student who lives there, the dispatcher who may be anywhere
    notice = database.scalars(select(Notice)).one()
    assert (notice.starts_at, notice.shown_until) == (
        datetime.fromisoformat("2026-11-18T05:00Z"),
        datetime.fromisoformat("2026-11-18T07:00Z"),
    )
    sent = desk.post(f"/notices/{notice.id}/publish", data={"version": notice.version})
    assert sent.location == f"/notices/{notice.id}"
    student = login(ground.student)
    home = text(student.get("/"))
    assert "No water in Taoyuan" in home
    assert "1 you have not read" in home
    assert "Planned outage" in text(student.get("/notices"))
    with counted() as sent:
        assert "No water in Taoyuan" in text(student.get(f"/notices/{notice.id}"))
    assert any("INSERT INTO notice_read" in each for each in sent)
    services.note_read(  # written apart: the savepoint of the GET has taken it back
        person_id=ground.student.id, notice_id=notice.id, version=notice.version, now=notice.created_at
    )
    home = text(student.get("/"))
    assert "you have not read" not in home
    assert "No water in Taoyuan" in home, "an outage of today stays on the home page although it was read"


def test_a_published_notice_is_changed_and_ended(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session
) -> None:
    desk = login(ground.dispatcher)
    published = desk.post("/notices/new", data=form(act="publish", title_zh="", title_en=""))
    assert "No water" in text(desk.get(published.location))  # an outage without a title is called by what is off
    notice = database.scalars(select(Notice)).one()
    assert notice.title == {"zh-CN": "停水", "en": "No water"}
    page = text(desk.get(f"/notices/{notice.id}/edit"))
    assert "Tell readers again" in page
    opened = fields_of(page, f"/notices/{notice.id}/edit")["version"]
    changed = save(desk, f"/notices/{notice.id}/edit", form(again="1", ends_at="2026-11-18T18:00"))
    assert changed.location == f"/notices/{notice.id}"
    stale = desk.post(f"/notices/{notice.id}/edit", data=form(version=opened))
    assert "last by yourself in another window" in text(stale, 412)
    page = text(desk.get(f"/notices/{notice.id}/edit"))
    assert page.count('class="version"') == 2
    assert desk.post(f"/notices/{notice.id}/end", data={"version": notice.version}).status_code == 303
    assert "This is over." in text(desk.get(f"/notices/{notice.id}"))
    assert "No water in Taoyuan" in text(desk.get("/notices?view=over"))
    refused = desk.post(f"/notices/{notice.id}/publish", data={"version": notice.version})
    assert "moved on" in text(desk.get(refused.location))


def test_a_refused_form_comes_back_filled_in(login: Callable[..., FlaskClient], ground: tickets.Ground) -> None:
    desk = login(ground.dispatcher)
    page = text(desk.post("/notices/new", data=form(utility="", ends_at="2026-11-18T12:00")), 422)
    assert "Say what will be off." in page
    assert 'value="桃园停水"' in page
    page = text(desk.post("/notices/new", data=form(ends_at="2026-11-18T12:00")), 422)
    assert "The end must lie after the beginning." in page
    assert "Give a day and a time." in text(desk.post("/notices/new", data=form(starts_at="soon")), 422)
    assert "Choose one of the offered values." in text(desk.post("/notices/new", data=form(kind="rumour")), 422)
    assert "This lies in the past" in text(
        desk.post("/notices/new", data=form(act="publish", starts_at="2026-11-17T09:00", ends_at="2026-11-17T10:00")),
        422,
    )
    looked = text(desk.post("/notices/new", data=form(act="look", title_en="")))
    assert "What readers see" in looked
    assert "It stands in one language only" in looked
    assert "Nothing here" in text(desk.get("/notices/desk")), "looking keeps nothing"


def test_a_draft_is_thrown_away(login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session) -> None:
    desk, draft = login(ground.dispatcher), notices.draft()
    assert desk.post(f"/notices/{draft.id}/discard", data={"version": 1}).status_code == 303
    assert database.scalars(select(Notice)).all() == []
    assert desk.get(f"/notices/{draft.id}/edit").status_code == 404


def test_a_draft_and_what_is_for_others_do_not_exist(login: Callable[..., FlaskClient], ground: tickets.Ground) -> None:
    student = login(ground.student)
    for hidden in (notices.draft(), notices.notice(roles=("dispatcher",))):
        assert student.get(f"/notices/{hidden.id}").status_code == 404
    elsewhere = tickets.place("building", "桂园1栋", tickets.place("campus", "北校区"))
    far = notices.notice(places=[elsewhere], title={"en": "Far away"})
    assert "Far away" not in text(student.get("/notices"))
    assert "Far away" in text(student.get("/notices?view=all"))
    assert "Far away" in text(student.get(f"/notices/{far.id}"))


def test_the_report_form_is_told_first(
    client: FlaskClient, login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session, now: datetime
) -> None:
    notices.notice(Kind.OUTAGE, places=[ground.building], title={"en": "No water in Taoyuan"})
    where = f"/report/first?place_id={ground.room.id}"
    anonymous = text(client.get(where, headers=PARTIAL | {"Accept-Language": "en"}))
    assert "No water in Taoyuan" in anonymous
    assert "<html" not in anonymous
    student = login(ground.student)
    page = text(student.get("/report"))
    assert f'hx-get="/report/first?place_id={ground.room.id}" hx-trigger="change from' in page
    assert "No water in Taoyuan" in page, "drawn with the form: nothing moves when it would arrive"
    database.add(
        PlaceSticker(place_id=ground.room.id, token_hash=sites.sticker_digest("x" * 22), issued_at=now, revoked_at=None)
    )
    database.flush()
    assert "No water" in text(student.get(f"/r/{'x' * 22}")), "so it is behind a sticker"
    assert f'href="/report/first?place_id={ground.room.id}"' in page  # without a script
    assert "Go on with your report" in text(student.get(where))
    elsewhere = tickets.place("building", "桂园1栋", ground.campus)
    chosen = f"{where}&place_id={elsewhere.id}"
    assert "No water" not in text(student.get(chosen, headers=PARTIAL)), "the place chosen wins over the preset one"
    assert "No water" not in text(student.get(f"/report?place_id={elsewhere.id}"))
    for strange in ("", "?place_id=", "?place_id=x", "?place_id=999999999999999999999"):
        assert "Nothing is known" in text(student.get(f"/report/first{strange}"))


def test_lists_take_a_constant_number_of_statements(login: Callable[..., FlaskClient], ground: tickets.Ground) -> None:
    def statements(client: FlaskClient, path: str) -> int:
        with counted() as sent:
            text(client.get(path))
        return len(sent)

    notices.notice(places=[ground.building])
    notices.draft()
    for person, paths in (
        (ground.student, ("/notices", "/", "/report")),
        (ground.dispatcher, ("/notices/desk", "/notices")),
    ):
        client = login(person)
        before = {path: min(statements(client, path) for _warm in range(2)) for path in paths}
        for number in range(6):
            notices.notice(Kind.OUTAGE, places=[ground.building, ground.campus], title={"en": f"N{number}"})
        assert {path: min(statements(client, path) for _warm in range(2)) for path in paths} == before


def test_paging_ends_where_it_should(login: Callable[..., FlaskClient], ground: tickets.Ground, now: datetime) -> None:
    for number in range(60):
        notices.notice(at=now - timedelta(minutes=number), title={"en": f"Notice {number:02d}"})
    student = login(ground.student)
    first = text(student.get("/notices"))
    assert "Notice 49" in first
    assert "Notice 50" not in first
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = text(student.get(following))
    assert "Notice 59" in second
    assert "Notice 49" not in second


def test_the_api_writes_publishes_and_ends(client: FlaskClient, ground: tickets.Ground) -> None:
    desk, student = Caller(client, ground.dispatcher), Caller(client, ground.student)
    body = {
        "kind": "outage",
        "utility": "power",
        "title": {"zh-CN": "停电", "en": "No electricity"},
        "starts_at": "2026-11-18T05:00:00Z",
        "ends_at": "2026-11-18T07:00:00Z",
        "place_ids": [str(ground.building.id)],
    }
    made = desk.post("/notices", body)
    assert made.status_code == 201, made.json
    assert made.json["status"] == "draft"
    assert made.json["audience"] == 2
    path = f"/notices/{made.json['id']}"
    assert student.get(path).status_code == 404
    assert desk.post(f"{path}/publish").status_code == 428
    published = desk.post(f"{path}/publish", seen=made.json["version"])
    assert (published.status_code, published.json["status"]) == (200, "published")
    (item,) = student.get("/notices").json["items"]
    assert (item["title"], item["places"], item["read"]) == ("No electricity", ["桃园3栋"], False)
    assert student.post(f"{path}/read").status_code == 204
    assert student.get(path).json["read"] is True
    stale = patch(desk, path, {"title": {"en": "Power cut"}}, 1)
    assert (stale.status_code, stale.json["current"]["version"]) == (412, 2)
    changed = patch(desk, path, {"title": {"en": "Power cut"}, "tell_again": True}, 2)
    assert changed.json["title"] == {"en": "Power cut"}
    assert changed.json["utility"] == "power"
    assert student.get(path).json["read"] is False
    assert desk.post(f"{path}/end", seen=3).json["status"] == "ended"
    assert student.get("/notices").json["items"] == []
    assert len(student.get("/notices", state="over").json["items"]) == 1
    assert desk.post(f"{path}/publish", seen=4).status_code == 409


def patch(caller: Caller, path: str, body: dict[str, Any], seen: int) -> Any:
    headers = {**caller.headers, "If-Match": f'"v{seen}"'}
    return caller.client.patch(f"/api/v1{path}", headers=headers, json=body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "rumour"}, "kind"),
        ({"kind": "information"}, "title_zh"),
        ({"kind": "information", "title": "text"}, "title"),
        ({"kind": "information", "title": {"fr": "Eau"}}, "title"),
        ({"kind": "information", "title": {"en": "x" * 81}}, "title"),
        ({"kind": "information", "title": {"en": "x"}, "place_ids": ["9" * 12]}, "places"),
        ({"kind": "information", "title": {"en": "x"}, "roles": ["nobody"]}, "roles"),
        ({"kind": "information", "title": {"en": "x"}, "colour": "red"}, "colour"),
        ({"kind": "information", "title": {"en": "a\u0000b"}}, "title"),
        ({"kind": "outage", "title": {"en": "x"}, "utility": "gas"}, "utility"),
    ],
)
def test_the_api_names_what_is_wrong(
    client: FlaskClient, ground: tickets.Ground, body: dict[str, Any], field: str
) -> None:
    answer = Caller(client, ground.dispatcher).post("/notices", body)
    assert answer.status_code == 422, answer.json
    assert field in {each["field"].split(".")[0] for each in answer.json["errors"]}
    assert Caller(client, ground.student).post("/notices", body).status_code == 403


def test_places_are_indented_by_what_they_stand_in(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session
) -> None:
    """A building right below its campus stands no deeper than a zone beside it."""
    campus = tickets.place("campus", "西校区")
    zone = tickets.place("zone", "李园", campus)
    tickets.place("building", "李园一号楼", zone)
    tickets.place("building", "西区食堂", campus)
    page = text(login(ground.dispatcher).get("/notices/new"))
    depths = {name: depth for depth, name in re.findall(r'targets__(\d)[^>]*>.*?<span lang="zh-CN">([^<]+)<', page)}
    assert {name: depths[name] for name in ("西校区", "李园", "李园一号楼", "西区食堂")} == {
        "西校区": "0",
        "李园": "1",
        "李园一号楼": "2",
        "西区食堂": "1",
    }
