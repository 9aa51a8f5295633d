"""What people can do themselves, and whom to call: found, judged, hinted at, written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.audit.models import AuditEntry
from app.portal.models import Answer, DutyContact
from app.portal.queries import answers as queries
from app.portal.queries import contacts as contact_queries
from app.portal.rules import answers as rules
from app.tickets.rules.grams import folded
from tests.counting import counted
from tests.editing import fields_of, save
from tests.factories import accounts, desk, tickets
from tests.tickets.calling import Caller

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def ground(database: Session, frozen: datetime) -> tickets.Ground:
    made = tickets.Ground()
    made.student.locale = "en"
    return made


@pytest.fixture
def writer(database: Session) -> Person:
    return accounts.person("supervisor", locale="en")


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    found: str = answer.get_data(as_text=True)
    return found


def test_lines_become_paragraphs_steps_and_points() -> None:
    said = "先看阀门。\n1. 关水\n2、擦干\n\n- 别硬拧\n• 别加油\n完了。"
    assert rules.blocks(said) == [
        ("p", ["先看阀门。"]),
        ("ol", ["关水", "擦干"]),
        ("ul", ["别硬拧", "别加油"]),
        ("p", ["完了。"]),
    ]
    assert rules.blocks("") == []


@given(st.text(max_size=300))
def test_no_word_of_a_text_is_lost(said: str) -> None:
    kept = "".join(word for _kind, lines in rules.blocks(said) for line in lines for word in line.split())
    plain = "".join(said.split())
    assert len(kept) <= len(plain)
    assert all(char in plain for char in kept)
    for line in said.splitlines():
        if line.strip() and line.strip()[0].isalpha() and not line.strip().startswith(tuple("一二三四五六七八九十")):
            assert "".join(line.split()) in kept


@given(
    st.text(alphabet="水龙头漏电灯不亮", min_size=1, max_size=8), st.text(alphabet="水龙头漏电灯不亮 ab", max_size=40)
)
def test_what_holds_the_word_fits(word: str, around: str) -> None:
    assert rules.fits(around + word, word)
    assert len(rules.pairs(word)) <= rules.MOST_GRAMS
    if len(word) < 3:
        assert rules.pairs(word) == []
        assert rules.fits(around, word) == (word in around)


def test_words_are_found_in_both_languages_whole_and_in_pieces(ground: tickets.Ground) -> None:
    tap = desk.answer(keywords="漏水 角阀")
    net = desk.answer(
        "连不上校园网，五步自查", "No network: five checks", body={"zh-CN": "重新登录认证页面", "en": "Sign in again"}
    )
    desk.answer("草稿", "Draft", published=False)

    def found(q: str, **more: Any) -> list[int]:
        return [row.id for row in queries.find(q, **more).items]

    assert found("") == [tap.id, net.id]
    for words, wanted in (
        ("漏水", [tap.id]),
        ("水龙头一直滴水", [tap.id]),  # typed in one piece, otherwise than it is written
        ("校园网 认证", [net.id]),
        ("NETWORK", [net.id]),
        ("slt", [tap.id]),  # pinyin initials of 水龙头
        ("lbs", [net.id]),
        ("暖气", []),
        ("100%_", []),
        ("草稿", []),
    ):
        assert found(words) == wanted, words
    assert found("", category="tap") == []
    for row in queries.find("").items:
        stored = folded(*row.title.values(), row.keywords, *row.body.values())
        for word in ("漏水", "校园网", "水龙头一直滴水"):
            if rules.fits(stored, word):
                assert row.id in found(word)


def test_the_title_counts_more_than_the_text(ground: tickets.Ground) -> None:
    in_text = desk.answer("跳闸了", "Breaker", body={"zh-CN": "空调先关掉"}, position=0)
    in_title = desk.answer("空调不凉", "Too warm", position=9)
    assert [row.id for row in queries.find("空调").items] == [in_title.id, in_text.id]


def test_readers_search_read_and_judge(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session
) -> None:
    made = desk.answer(categories=("tap",))
    student = login(ground.student)
    assert "A tap drips" in text(student.get("/answers?q=drips"))
    assert "Nothing fits these words" in text(student.get("/answers?q=zzz"))
    page = text(student.get(f"/answers/{made.id}"))
    assert "<ol><li>Turn the valve.</li></ol>" in page
    assert "/report?category=tap" in page
    for said, helped, failed in (("false", 0, 1), ("true", 1, 0), ("true", 1, 0)):
        assert student.post(f"/answers/{made.id}/vote", data={"helpful": said}).status_code == 303
        row = queries.one(made.id)
        assert (row.helped, row.failed) == (helped, failed)
    assert "You said it helped" in text(student.get(f"/answers/{made.id}"))
    assert student.post(f"/answers/{made.id}/vote", data={}).status_code == 422
    hidden = desk.answer(published=False)
    assert student.get(f"/answers/{hidden.id}").status_code == 404
    assert student.post(f"/answers/{hidden.id}/vote", data={"helpful": "true"}).status_code == 404


def test_markup_in_an_answer_stays_text(login: Callable[..., FlaskClient], ground: tickets.Ground) -> None:
    made = desk.answer(body={"en": "1. <script>alert(1)</script>\n- {{7*7}}"})
    page = text(login(ground.student).get(f"/answers/{made.id}"))
    assert "<script>alert" not in page
    assert "{{7*7}}" in page


def test_the_report_form_offers_what_is_worth_trying(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session
) -> None:
    """For the chosen fault first, then for what it stands below; nothing for others."""
    heading = tickets.category("water", None, "水", "Water")
    ground.category.parent_id = heading.id
    database.flush()
    tickets.category("power", None, "电", "Power")
    general = desk.answer("先关总阀", "Shut the main valve", categories=("water",))
    special = desk.answer(categories=("tap",), position=5)
    desk.answer("电", "Power", categories=("power",))
    student = login(ground.student)
    page = text(student.get("/report"))
    assert 'hx-get="/report/yourself" hx-trigger="change from' in page
    assert "A tap drips" not in page
    page = text(student.get("/report?category=tap"))
    assert page.index("A tap drips") < page.index("Shut the main valve"), "the fault known at first has its own with it"
    page = text(student.post("/report", data={"group": str(heading.id)}), 422)
    assert "Shut the main valve" in page, "and so has the one of a form that comes back"
    where = f"/report/yourself?group={heading.id}"
    page = text(student.get(f"{where}&problem_{heading.id}={ground.category.id}", headers=PARTIAL))
    assert page.index("A tap drips") < page.index("Shut the main valve")
    assert "Power" not in page
    assert f"/answers/{special.id}" in page
    page = text(student.get(where, headers=PARTIAL))
    assert "Shut the main valve" in page
    assert "A tap drips" not in page
    for strange in ("", "?group=", "?group=x", f"?group={heading.id}&problem_{heading.id}=x"):
        text(student.get(f"/report/yourself{strange}", headers=PARTIAL))
    assert f"/answers/{general.id}" in text(student.get(f"/report/first?group={heading.id}"))


def test_an_answer_is_written_changed_and_closed(
    login: Callable[..., FlaskClient], ground: tickets.Ground, writer: Person, database: Session
) -> None:
    client = login(writer)
    assert "There are no answers yet." in text(client.get("/answers/desk"))
    assert "Give a title" in text(client.post("/answers/new", data={"body_en": "x"}), 422)
    given = {"title_zh": "停电", "body_zh": "看空开", "categories": ["tap"], "keywords": "跳闸", "published": "1"}
    assert "Choose one of the offered" in text(client.post("/answers/new", data={**given, "categories": "no"}), 422)
    assert client.post("/answers/new", data=given).status_code == 303
    made = database.scalars(select(Answer)).one()
    where = f"/answers/{made.id}"
    assert "看空开" in text(client.get(f"{where}/edit"))
    opened = fields_of(client.get(f"{where}/edit").text, f"{where}/edit")
    assert save(client, f"{where}/edit", {**given, "title_en": "Power"}).status_code == 303
    assert (made.version, made.title["en"]) == (2, "Power")
    late = text(client.post(f"{where}/edit", data={**opened, "keywords": "空开"}), 412)
    assert "last by yourself in another window" in late
    assert fields_of(late, f"{where}/edit")["title_en"] == ["Power"]
    assert "helped 0" in text(client.get("/answers/desk?q=跳闸"))
    assert client.post(f"{where}/close", data={"version": 2}).status_code == 303
    assert client.get(where).status_code == 404
    assert client.get(f"{where}/edit").status_code == 404
    verbs = database.scalars(select(AuditEntry.verb).where(AuditEntry.object_kind == "answer")).all()
    assert set(verbs) == {"answer.write", "answer.change", "answer.close"}


def test_contacts_stand_with_the_emergency_ones_first(
    login: Callable[..., FlaskClient], ground: tickets.Ground, writer: Person, database: Session
) -> None:
    north = tickets.place("campus", "北校区")
    office = desk.contact("Dormitory office", "8120 0300", hours={"en": "8:00–17:00"})
    urgent = desk.contact("Duty desk", "8120 0000", emergency=True)
    far = desk.contact("North plumber", "8120 0212", campus_id=north.id, emergency=True)
    accounts.home(ground.student, ground.room.id)
    student = login(ground.student)
    page = text(student.get("/contacts"))
    assert page.index("Duty desk") < page.index("North plumber") < page.index("Dormitory office")
    assert 'href="tel:81200000"' in page
    assert "day and night" in page
    assert "Change" not in page
    assert "North plumber" not in text(student.get(f"/contacts?campus={ground.campus.id}"))
    home = text(student.get("/"))
    assert "Duty desk" in home
    assert "North plumber" not in home, "the student lives on the other campus"
    client = login(writer)
    assert "Give the name" in text(client.post("/contacts/new", data={"phone": "110"}), 422)
    assert "Use digits" in text(client.post("/contacts/new", data={"name_en": "x", "phone": "call me"}), 422)
    assert client.post("/contacts/new", data={"name_en": "Network", "phone": "8120 0400"}).status_code == 303
    wrong = {"name_en": "x", "phone": "110", "campus_id": ground.room.id}
    assert client.post("/contacts/new", data=wrong).status_code == 422
    opened = fields_of(client.get(f"/contacts/{office.id}").text, f"/contacts/{office.id}")
    changed = {"name_en": "Dorms", "phone": "8120 0301"}
    assert save(client, f"/contacts/{office.id}", changed).status_code == 303
    late = text(client.post(f"/contacts/{office.id}", data={**opened, "phone": "8120 0302"}), 412)
    assert "Changed meanwhile to “8120 0301”; yours is kept here." in late
    assert client.post(f"/contacts/{far.id}/close", data={"version": 1}).status_code == 303
    assert client.get(f"/contacts/{far.id}").status_code == 404
    assert {row.id for row in contact_queries.all_of()} == {
        urgent.id,
        office.id,
        database.scalars(select(DutyContact.id).where(DutyContact.phone == "8120 0400")).one(),
    }


def test_lists_take_a_constant_number_of_statements(
    login: Callable[..., FlaskClient], ground: tickets.Ground, writer: Person
) -> None:
    def statements(client: FlaskClient, path: str) -> int:
        with counted() as sent:
            text(client.get(path))
        return len(sent)

    desk.answer()
    desk.contact(emergency=True)
    for person, paths in ((ground.student, ("/answers", "/contacts")), (writer, ("/answers/desk", "/contacts"))):
        client = login(person)
        before = {path: min(statements(client, path) for _warm in range(2)) for path in paths}
        for number in range(5):
            desk.answer(en=f"A{number}")
            desk.contact(f"C{number}")
        assert {path: min(statements(client, path) for _warm in range(2)) for path in paths} == before


def test_the_api_of_answers_and_contacts(client: FlaskClient, ground: tickets.Ground, writer: Person) -> None:
    desk_api, student = Caller(client, writer), Caller(client, ground.student)
    body = {"title": {"en": "No power"}, "body": {"en": "Look at the breaker"}, "categories": ["tap"]}
    made = desk_api.post("/answers", body)
    assert made.status_code == 201, made.json
    path = f"/answers/{made.json['id']}"
    assert student.get(path).status_code == 404
    shown = patch(desk_api, path, {"published": True}, 1)
    assert (shown.json["published"], shown.json["version"]) == (True, 2)
    assert patch(desk_api, path, {"published": False}, 1).status_code == 412
    assert student.get("/answers", q="breaker").json["items"][0]["title"] == "No power"
    assert student.get("/answers", category="tap").json["items"][0]["helped"] == 0
    assert student.post(f"{path}/vote", {"helpful": True}).status_code == 204
    assert student.post(f"{path}/vote", {"helpful": "yes"}).status_code == 422
    assert student.get(path).json["helped"] == 1
    assert desk_api.post("/answers", {"title": {"en": "x"}}).status_code == 422
    assert client.delete(f"/api/v1{path}", headers=desk_api.headers).status_code == 204
    assert student.get(path).status_code == 404
    contact = desk_api.post("/contacts", {"name": {"en": "Duty desk"}, "phone": "8120 0000", "emergency": True})
    assert contact.status_code == 201, contact.json
    where = f"/contacts/{contact.json['id']}"
    assert patch(desk_api, where, {"phone": "8120 0001"}, 1).json["phone"] == "8120 0001"
    (item,) = student.get("/contacts").json["items"]
    assert (item["name"], item["campus"], item["emergency"]) == ("Duty desk", None, True)
    assert desk_api.post("/contacts", {"name": {"en": "x"}}).status_code == 422
    assert desk_api.post("/contacts", {"name": {"en": "x"}, "phone": "abc"}).status_code == 422
    assert student.post("/contacts", {"name": {"en": "x"}, "phone": "110"}).status_code == 403
    assert client.delete(f"/api/v1{where}", headers=desk_api.headers).status_code == 204
    assert student.get("/contacts").json["items"] == []


def patch(caller: Caller, path: str, body: dict[str, Any], seen: int) -> Any:
    headers = {**caller.headers, "If-Match": f'"v{seen}"'}
    return caller.client.patch(f"/api/v1{path}", headers=headers, json=body)
