"""Questions of a category: edited as a draft, published as a version, asked on form and API, kept with the ticket."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.core.errors import NotAllowed, NotFound, Rejected, Stale
from app.tickets.models import Category, CategoryVersion, Ticket
from app.tickets.rules.questions import Kind, Option, Question
from app.tickets.rules.sla_policy import DEFAULT
from app.tickets.services import catalogue, category_versions, sla_policies
from tests.editing import save
from tests.factories import accounts, attachments
from tests.factories import tickets as make
from tests.tickets.calling import Caller

Login = Callable[..., FlaskClient]
pytestmark = pytest.mark.usefixtures("frozen")

DANGER = Question(
    code="danger",
    kind=Kind.YES_NO,
    label={"zh-CN": "冒烟吗？", "en": "Is there smoke?"},
    required=True,
    stops_on="yes",
    stop={"zh-CN": "先拉闸。", "en": "Switch it off."},
    phone="8120 0000",
)
WHICH = Question(
    code="which",
    kind=Kind.CHOICE,
    label={"zh-CN": "哪一个？", "en": "Which one?"},
    options=(Option("left", {"zh-CN": "左", "en": "Left"}), Option("right", {"zh-CN": "右", "en": "Right"})),
)
SIZE = Question(
    code="size", kind=Kind.NUMBER, label={"zh-CN": "多大？", "en": "How large?"}, unit={"zh-CN": "米", "en": "m"}, low=0
)
PHOTO = Question(code="photo", kind=Kind.PHOTO, label={"zh-CN": "照片", "en": "A photo"}, required=True)


@pytest.fixture
def english(client: FlaskClient) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"


def ask(ground: make.Ground, now: datetime, *asked: Question) -> None:
    system = make.actor(accounts.person("admin"))
    for question in asked:
        seen = category_versions.mark(ground.category)
        category_versions.put_question(
            actor=system, now=now, category_id=ground.category.id, seen=seen, question=question
        )
    seen = category_versions.mark(ground.category)
    category_versions.publish(actor=system, now=now, category_id=ground.category.id, seen=seen)


def test_a_draft_is_asked_by_nobody_until_it_is_published(
    ground: make.Ground, now: datetime, database: Session
) -> None:
    editor = make.actor(accounts.person("supervisor"))
    given: dict[str, Any] = {"actor": editor, "now": now, "category_id": ground.category.id}
    category_versions.put_question(**given, seen=category_versions.mark(ground.category), question=DANGER)
    assert ground.category.draft is not None
    assert database.scalar(select(func.count()).select_from(CategoryVersion)) == 0
    ground.file()  # nothing is asked yet
    seen = category_versions.mark(ground.category)
    category_versions.publish(**given, seen=seen)
    assert (ground.category.version, ground.category.draft) == (1, None)
    with pytest.raises(Rejected) as refused:
        ground.file()
    assert set(refused.value.fields) == {"answers.danger"}
    with pytest.raises(Stale):
        category_versions.discard(**given, seen=seen)
    assert database.scalar(select(AuditEntry.verb).where(AuditEntry.verb == "category.publish"))


def test_tickets_keep_the_version_they_were_filed_under(
    ground: make.Ground, now: datetime, database: Session, client: FlaskClient
) -> None:
    ask(ground, now, WHICH)
    filed = ground.file(answers={"which": "right"})
    later = Question.from_data(WHICH.to_data() | {"label": {"zh-CN": "新的问题？", "en": "Another question?"}})
    ask(ground, now, later)
    ticket = database.get_one(Ticket, (1, filed.id))
    numbers = database.scalars(select(CategoryVersion.number).order_by(CategoryVersion.number)).all()
    assert (numbers, ticket.answers, ticket.asked_version_id) == (
        [1, 2],
        {"which": "right"},
        ticket.category_version_id,
    )
    shown = Caller(client, ground.student).get(f"/tickets/{filed.id}").json
    assert shown["answers"] == [{"code": "which", "question": "Which one?", "text": "Right", "value": "right"}]


def test_a_change_of_the_category_is_a_version_and_no_change_is_none(
    ground: make.Ground, now: datetime, database: Session
) -> None:
    editor = make.actor(accounts.person("supervisor"))
    given: dict[str, Any] = {"actor": editor, "now": now, "category_id": ground.category.id}
    catalogue.change_category(**given, planned_minutes=50, impacts={"floor": "building"}, price_class="fault")
    catalogue.change_category(**given, planned_minutes=50)
    found = database.scalars(select(CategoryVersion)).one()
    assert (found.number, found.planned_minutes, found.impacts, found.price_class) == (
        1, 50, {"floor": "building"}, "fault",
    )  # fmt: skip
    filed = ground.file(place_id=ground.floor.id)
    assert database.get_one(Ticket, (1, filed.id)).impact == "building"
    for wrong in ({"price_class": "dear"}, {"demands": {"checklist": [{"zh-CN": "x", "en": "x"}] * 21}}):
        with pytest.raises(Rejected):
            catalogue.change_category(**given, **wrong)


def test_versions_cannot_be_changed(ground: make.Ground, now: datetime, database: Session) -> None:
    ask(ground, now, WHICH)
    right = database.scalar(select(func.has_table_privilege("houqin_app", "category_version", "UPDATE, DELETE")))
    assert right is False


def test_who_may_edit_what(ground: make.Ground, now: datetime) -> None:
    heading = make.category("group", None, "水", "Water")
    seen = category_versions.mark(ground.category)
    with pytest.raises(NotAllowed):
        category_versions.put_question(
            actor=make.actor(ground.student), now=now, category_id=ground.category.id, seen=seen, question=WHICH
        )
    editor = make.actor(accounts.person("supervisor"))
    with pytest.raises(NotFound):
        category_versions.put_question(actor=editor, now=now, category_id=heading.id, seen="0.", question=WHICH)
    given: dict[str, Any] = {"actor": editor, "now": now, "category_id": ground.category.id}
    bad = [
        (Question(code="x", kind=Kind.CHOICE, label=WHICH.label), "options"),
        (Question(code="x", kind=Kind.NUMBER, label=WHICH.label, low=3, high=1), "high"),
        (Question(code="x", kind=Kind.YES_NO, label=WHICH.label, stops_on="no"), "phone"),
    ]
    for question, field in bad:
        with pytest.raises(Rejected) as refused:
            category_versions.put_question(**given, seen=category_versions.mark(ground.category), question=question)
        assert field in refused.value.fields
    for number in range(12):
        made = Question(code=f"n{number}", kind=Kind.TEXT, label=WHICH.label)
        category_versions.put_question(**given, seen=category_versions.mark(ground.category), question=made)
    with pytest.raises(Rejected):
        category_versions.put_question(**given, seen=category_versions.mark(ground.category), question=WHICH)
    assert category_versions.new_code(ground.category) == "q1"


def test_the_api_shows_questions_and_judges_answers(ground: make.Ground, now: datetime, client: FlaskClient) -> None:
    ask(ground, now, DANGER, WHICH, SIZE)
    student = Caller(client, ground.student)
    (shown,) = student.get("/categories").json["items"]
    assert [each["code"] for each in shown["questions"]] == ["danger", "which", "size"]
    assert shown["questions"][0] | {"phone": "8120 0000", "stops_on": "yes", "required": True} == shown["questions"][0]
    assert [each["label"] for each in shown["questions"][1]["options"]] == ["Left", "Right"]
    missing = student.file(ground)
    assert missing.status_code == 422
    assert [each["field"] for each in missing.json["errors"]] == ["answers.danger"]
    stopped = student.file(ground, answers={"danger": True})
    assert (stopped.status_code, stopped.json["type"], stopped.json["phone"]) == (422, "call-first", "8120 0000")
    assert "8120 0000" in stopped.json["detail"]
    for wrong in (
        {"danger": False, "else": 1},
        {"danger": False, "which": "up"},
        {"danger": {}},
        {"danger": "\x00"},
        [],
    ):
        answer = student.file(ground, answers=wrong)
        assert answer.status_code == 422, wrong
        assert answer.json["errors"][0]["field"].startswith("answers")
    filed = student.file(ground, answers={"danger": False, "which": "left", "size": 2.5})
    assert filed.status_code == 201
    answers = student.get(f"/tickets/{filed.json['id']}").json["answers"]
    assert [(each["question"], each["text"]) for each in answers] == [
        ("Is there smoke?", "No"), ("Which one?", "Left"), ("How large?", "2.5 m"),
    ]  # fmt: skip


def form(ground: make.Ground, **more: Any) -> dict[str, Any]:
    return {"group": str(ground.category.id), "place_id": str(ground.room.id), "urgency": "normal", **more}


@pytest.mark.usefixtures("english")
def test_the_form_asks_and_answers_are_shown_to_all_who_work_on_it(
    ground: make.Ground, now: datetime, login: Login, database: Session
) -> None:
    ask(ground, now, DANGER, WHICH, PHOTO)
    name = f"a{ground.category.id}_"
    page = login(ground.student).get("/report").get_data(as_text=True)
    assert "Is there smoke?" in page
    assert 'href="tel:81200000"' in page
    browser = login(ground.student)
    refused = browser.post("/report", data=form(ground, **{f"{name}which": "left"}))
    said = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert f'id="f-{name}danger-e"' in said
    assert "Please add one." in said
    assert re.search(rf'name="{name}which" value="left" checked', said)
    stopped = browser.post("/report", data=form(ground, **{f"{name}danger": "yes"}))
    assert "Call 8120 0000" in stopped.get_data(as_text=True)
    assert database.scalar(select(func.count()).select_from(Ticket)) == 0
    sent = form(ground, **{f"{name}danger": "no", f"{name}which": "right"})
    filed = browser.post("/report", data=sent | {"photos": (io.BytesIO(attachments.jpeg()), "a.jpg")})
    assert filed.status_code == 303, filed.get_data(as_text=True)
    ticket = database.scalars(select(Ticket)).one()
    assert ticket.answers == {"danger": False, "which": "right", "photo": True}
    assert "Which one?" in browser.get(filed.location).get_data(as_text=True)


@pytest.mark.usefixtures("english")
def test_the_editor_makes_tries_and_publishes_a_question(ground: make.Ground, login: Login, database: Session) -> None:
    desk = login(accounts.person("supervisor"))
    home = f"/catalogue/categories/{ground.category.id}/questions"
    assert "Nothing is asked here" in desk.get(home).get_data(as_text=True)
    page = desk.get(f"{home}/new?kind=choice").get_data(as_text=True)
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    sent = {
        "seen": seen,
        "kind": "choice",
        "label_zh": "哪一个？",
        "label_en": "Which one?",
        "required": "1",
        "option_zh_0": "左",
        "option_en_0": "Left",
        "option_zh_1": "燃气",
        "option_en_1": "Gas",
        "option_stops_1": "1",
    }
    bare = desk.post(f"{home}/new", data=sent)
    assert bare.status_code == 422
    assert "Give the number people should call first." in bare.get_data(as_text=True)
    half = desk.post(f"{home}/new", data=sent | {"option_en_1": ""})
    assert "Give it in both languages." in half.get_data(as_text=True)
    stop = {"stop_zh": "关阀", "stop_en": "Shut the valve.", "phone": "119"}
    assert desk.post(f"{home}/new", data=sent | stop).status_code == 303
    drafted = desk.get(home).get_data(as_text=True)
    assert "Not published yet" in drafted
    assert "Shut the valve." in drafted
    seen = re.search(r'name="seen" value="([^"]+)"', drafted)[1]
    stale = desk.post(f"{home}/q1", data=sent | stop)
    assert stale.status_code == 412
    changed = desk.post(f"{home}/q1", data=sent | stop | {"seen": seen, "label_en": "Which part?"})
    assert changed.status_code == 303
    seen = re.search(r'name="seen" value="([^"]+)"', desk.get(home).get_data(as_text=True))[1]
    assert desk.post(f"{home}/publish", data={"seen": seen}).status_code == 303
    database.expire_all()
    version = database.scalars(select(CategoryVersion)).one()
    assert (version.questions[0]["code"], version.questions[0]["label"]["en"]) == ("q1", "Which part?")
    assert [each["code"] for each in version.questions[0]["options"]] == ["o3", "o4"], "typed anew, they mean others"
    old = desk.get(f"/catalogue/categories/{ground.category.id}/versions/1").get_data(as_text=True)
    assert "Which part?" in old
    assert desk.get(f"/catalogue/categories/{ground.category.id}/versions/9").status_code == 404
    assert desk.get(f"{home}/q9").status_code == 404


@pytest.mark.usefixtures("english")
def test_questions_are_moved_taken_out_and_the_draft_discarded(
    ground: make.Ground, now: datetime, login: Login, database: Session
) -> None:
    ask(ground, now, WHICH, SIZE)
    desk = login(accounts.person("supervisor"))
    home = f"/catalogue/categories/{ground.category.id}/questions"

    def act(path: str, **more: str) -> int:
        database.expire_all()
        seen = category_versions.mark(database.get_one(Category, (1, ground.category.id)))
        return desk.post(f"{home}{path}", data={"seen": seen, **more}).status_code

    def order() -> list[str]:
        database.expire_all()
        return [each.code for each in category_versions.questions(database.get_one(Category, (1, ground.category.id)))]

    assert act("/size/move", up="1") == 303
    assert order() == ["size", "which"]
    assert act("/size/move") == 303
    assert order() == ["which", "size"]
    assert database.get_one(Category, (1, ground.category.id)).draft is None  # as published: no draft
    before = database.get_one(Category, (1, ground.category.id)).version
    seen = desk.get(home).get_data(as_text=True).split('name="seen" value="')[1].split('"')[0]
    nothing = desk.post(f"{home}/publish", data={"seen": seen})
    assert nothing.status_code == 409
    assert "so there is nothing to publish" in nothing.get_data(as_text=True)
    database.expire_all()
    assert database.get_one(Category, (1, ground.category.id)).version == before
    assert act("/which/remove") == 303
    assert order() == ["size"]
    assert act("/discard") == 303
    assert order() == ["which", "size"]
    assert act("/none/remove") == act("/none/move") == 404
    assert desk.post(f"{home}/size/move", data={"seen": "old", "up": "1"}).status_code == 412


def test_the_form_of_a_category_carries_what_versions_hold(
    ground: make.Ground, login: Login, database: Session, now: datetime
) -> None:
    sla_policies.create(actor=Actor.system(1), now=now, code="quick", name={"en": "Quick"}, content=DEFAULT)
    desk = login(accounts.person("supervisor"))
    path = f"/catalogue/categories/{ground.category.id}"
    sent = {
        "code": "tap",
        "name_zh": "水龙头",
        "trade_id": ground.trade.id,
        "impact_floor": "floor",
        "price_class": "charged",
        "sla_policy": "quick",
        "reply_zh": "收到",
        "demands": ["photo_after", "scan"],
        "checklist_zh": "关阀\n试水",
        "checklist_en": "Shut the valve\nTry the water",
    }
    assert save(desk, path, sent | {"checklist_en": "one"}).status_code == 422
    assert save(desk, path, sent).status_code == 303
    version = database.scalars(select(CategoryVersion)).one()
    assert version.demands == {
        "scan": True,
        "photo_after": True,
        "checklist": [{"zh-CN": "关阀", "en": "Shut the valve"}, {"zh-CN": "试水", "en": "Try the water"}],
    }
    assert (version.impacts, version.price_class, version.sla_policy, version.reply) == (
        {"floor": "floor"}, "charged", "quick", {"zh-CN": "收到"},
    )  # fmt: skip
    page = desk.get(path).get_data(as_text=True)
    assert "试水" in page
    assert re.search(r'value="photo_after" checked', page)
