"""Feedback over HTTP: with and without a name, answered by the staff, and the calls of the contract."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.http.counts import Counts
from app.core.http.idempotency import IdempotencyKey
from app.core.outbox import OutboxEvent
from app.portal import receipts
from app.portal.models import Feedback, FeedbackAbout, FeedbackEvent, Notice
from app.portal.rules.feedback import Kind
from app.portal.services.feedback import acts, timers
from app.tickets.models import Ticket
from tests.counting import counted
from tests.editing import fields_of
from tests.factories import accounts, feedback, tickets
from tests.tickets.calling import Caller


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


def words(**more: Any) -> dict[str, Any]:
    return {"kind": "complaint", "text": "水房的灯坏了一周没人管。", **more}


def test_a_student_is_heard_and_answered(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session, now: datetime
) -> None:
    manager = accounts.person(
        "dormmanager", name="刘宿管", scope_kind="building", scope_id=ground.building.id, locale="en"
    )
    student = login(ground.student)
    form = text(student.get("/feedback/new"))
    assert "刘宿管" in form, "who looks after the building can be named by a tick"
    sent = student.post("/feedback/new", data=words(signed="1", place_id=ground.room.id, idempotency_key="k1"))
    assert sent.status_code == 303
    again = student.post("/feedback/new", data=words(signed="1", place_id=ground.room.id, idempotency_key="k1"))
    assert again.location == sent.location
    matter = database.scalars(select(Feedback)).one()
    page = text(student.get(sent.location))
    assert matter.number in page
    assert "You have an answer by Mon 23 Nov, 18:00." in page
    assert "Whom it is about" not in page
    assert "Waiting for the desk" in text(student.get("/feedback"))
    assert "Nothing here." in text(student.get("/feedback?view=closed"))
    desk = login(manager)
    assert matter.excerpt in text(desk.get("/feedback/desk"))
    assert re.search(r"Waiting for an answer</a></dt><dd[^>]*>1<", text(desk.get("/")))
    page = text(desk.get(sent.location))
    assert "Its author reads this." in page
    noted = desk.post(f"{sent.location}/messages", data={"text": "查旧单", "act": "note"})
    assert noted.status_code == 303
    assert "Staff only" in text(desk.get(sent.location))
    assert desk.post(f"{sent.location}/messages", data={"text": "明天换灯管", "act": "answer"}).status_code == 303
    student = login(ground.student)
    page = text(student.get(sent.location))
    assert "明天换灯管" in page
    assert "查旧单" not in page
    assert "Does that settle it?" in page
    replied = student.post(f"{sent.location}/messages", data={"text": "还没换", "act": "note"})
    assert replied.status_code == 303
    assert "Open again" in text(student.get(sent.location))
    assert "Please fill this in." in text(student.post(f"{sent.location}/messages", data={"text": " "}), 422)


def test_without_a_name_the_receipt_is_the_only_way(
    client: FlaskClient, login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session
) -> None:
    """Sent twice by a signed-in student: one matter, one receipt, and no row that says who it was."""
    student = login(ground.student)
    given = words(signed="1", anonymous="1", about=[ground.dispatcher.id], ticket_id="1", idempotency_key="once")
    sent = [student.post("/feedback/new", data=given) for _twice in range(2)]
    assert {answer.status_code for answer in sent} == {303}
    assert len({answer.location for answer in sent}) == 1
    matter = database.scalars(select(Feedback)).one()
    assert (matter.author_id, matter.ticket_id) == (None, None)
    event = database.scalars(select(FeedbackEvent)).one()
    assert (event.actor_kind, event.actor_id) == ("author", None)
    assert database.scalars(select(FeedbackAbout)).all() == []
    assert database.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
    payload = database.scalars(select(OutboxEvent.payload).where(OutboxEvent.kind == "FeedbackFiled")).one()
    assert payload == {"feedback_id": matter.id, "author_id": None}
    page = text(student.get(sent[0].location))
    assert "Keep this receipt" in page
    secret = sent[0].location.split("/r/")[1].split("?")[0]
    assert receipts.written(secret) in page
    assert student.get(f"/feedback/{matter.id}").status_code == 404, "not even its author by his account"
    assert matter.excerpt not in text(student.get("/feedback"))


def test_a_stranger_writes_reads_and_replies(client: FlaskClient, ground: tickets.Ground, database: Session) -> None:
    english = {"Accept-Language": "en"}
    assert "You write without a name." in text(client.get("/feedback/new", headers=english))
    sent = client.post("/feedback/new", data=words(anonymous="1"))
    secret = sent.location.split("/r/")[1].split("?")[0]
    matter = database.scalars(select(Feedback)).one()
    acts.answer(actor=accounts.actor(ground.dispatcher), now=matter.filed_at, feedback_id=matter.id, text="谢谢")
    assert "谢谢" in text(client.get(f"/feedback/r/{secret}"))
    typed = receipts.written(secret).upper().replace("-", " ")
    found = client.post("/feedback/receipt", data={"number": matter.number.lower(), "secret": typed})
    assert found.location == f"/feedback/r/{secret}"
    for wrong in ({"number": "F26-999999", "secret": typed}, {"secret": "a" * 26}, {"secret": "x"}):
        assert "There is no message" in text(client.post("/feedback/receipt", data=wrong, headers=english), 404)
    assert client.post("/feedback/receipt", data={}).status_code == 422
    assert client.post(f"/feedback/r/{secret}", data={"text": "还有"}).status_code == 303
    assert client.post(f"/feedback/r/{secret}", data={"text": ""}).status_code == 422
    assert matter.status == "open"
    for strange in ("x", "a" * 26, secret + "a", "%00"):
        assert client.get(f"/feedback/r/{strange}").status_code == 404
    answer = acts.answer(actor=accounts.actor(ground.dispatcher), now=matter.filed_at, feedback_id=matter.id, text="好")
    long_ago = matter.filed_at.replace(year=2025)
    timers.lapse(actor=accounts.actor(ground.dispatcher), now=long_ago, feedback_id=matter.id, event_id=answer.id)
    refused = text(client.post(f"/feedback/r/{secret}", data={"text": "又坏了"}, headers=english), 409)
    assert "more than 30 days ago" in refused
    assert "又坏了" in refused


def test_an_expired_sign_in_sends_nothing_and_loses_nothing(client: FlaskClient, ground: tickets.Ground) -> None:
    """Somebody who meant to give his name is never taken down without it."""
    page = text(client.post("/feedback/new", data=words(signed="1"), headers={"Accept-Language": "en"}), 401)
    assert "You are no longer signed in." in page
    assert "水房的灯坏了一周没人管。" in page


def test_a_page_open_too_long_comes_back_filled_in(
    app: Any, login: Callable[..., FlaskClient], ground: tickets.Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    student, matter = login(ground.student), feedback.said(ground.student)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    page = text(student.post("/feedback/new", data=words(signed="1")), 400)
    assert "open for a long time" in page
    assert "水房的灯坏了一周没人管。" in page
    page = text(student.post(f"/feedback/{matter.id}/messages", data={"text": "又坏了"}), 400)
    assert "又坏了" in page
    assert student.post(f"/feedback/{matter.id}/assign", data={}).status_code == 400
    assert student.post("/feedback/999999/messages", data={"text": "x"}).status_code == 404


def test_one_message_too_many_is_signed_in_from_where_that_is_said(
    app: Any, client: FlaskClient, ground: tickets.Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "houqin_counts", Counts())
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    for _ in range(30):
        assert client.post("/feedback/new", data=words(kind="", anonymous="1")).status_code == 422
    page = text(client.post("/feedback/new", data=words(anonymous="1")), 429)
    said = re.search(r'<div class="callout callout--late errors".*?</div>', page, re.DOTALL)
    assert said is not None
    assert 'data-keeps href="/login?next=/feedback/new">Sign in</a>' in said[0]


def test_refused_words_stay_in_the_form(login: Callable[..., FlaskClient], ground: tickets.Ground) -> None:
    student = login(ground.student)
    page = text(student.post("/feedback/new", data=words(signed="1", kind="")), 422)
    assert "Choose" in page
    assert "水房的灯坏了一周没人管。" in page
    assert student.post("/feedback/new", data=words(signed="1", text="a\x00b")).status_code == 422
    page = text(student.post("/feedback/new", data=words(signed="1", place_id="999999999")), 422)
    assert "This place does not exist" in page
    assert text(student.get("/feedback/new?kind=praise&place_id=" + str(ground.room.id))).count(" checked") >= 2


def test_who_is_named_loses_it_and_is_told_so(
    login: Callable[..., FlaskClient], ground: tickets.Ground, now: datetime
) -> None:
    matter = feedback.said(ground.student, text="态度不好")
    where = f"/feedback/{matter.id}"
    desk = login(ground.dispatcher)
    assert "Nobody of the staff" in text(desk.post(f"{where}/about", data={"who": "李小明"}), 422)
    accounts.person("dispatcher", name="王调度二")
    opened = fields_of(text(desk.get(where)), f"{where}/about")
    other = accounts.person("technician", name="赵师傅")
    acts.set_about(actor=accounts.actor(ground.dispatcher), now=now, feedback_id=matter.id, person_ids=[other.id])
    late = text(desk.post(f"{where}/about", data={**opened, "who": "王调度"}), 412)
    assert "This has changed since you opened it" in late
    again = fields_of(late, f"{where}/about")
    assert (again["about"], again["who"]) == ([str(other.id)], ["王调度"]), "nobody named meanwhile is let go by it"
    assert desk.post(f"{where}/about", data=again).location == "/feedback/desk"
    assert "It is about you now" in text(desk.get("/feedback/desk"))
    assert desk.get(where).status_code == 404
    assert matter.excerpt not in text(desk.get("/feedback/desk?q=态度"))


def test_several_of_a_name_are_asked_for_the_full_one(
    login: Callable[..., FlaskClient], ground: tickets.Ground
) -> None:
    matter = feedback.said(ground.student)
    for name in ("张师傅", "张师"):
        accounts.person("technician", name=name)
    page = text(login(ground.dispatcher).post(f"/feedback/{matter.id}/about", data={"who": "张"}), 422)
    assert "Several people fit" in page


def test_it_is_given_taken_and_given_back(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session
) -> None:
    matter = feedback.said(ground.student)
    where, desk = f"/feedback/{matter.id}", login(ground.dispatcher)
    assert desk.post(f"{where}/assign", data={"handler": ground.dispatcher.id, "version": 1}).status_code == 303
    assert matter.handler_id == ground.dispatcher.id
    assert "This has changed since you opened it" in text(desk.post(f"{where}/assign", data={"version": 1}), 412)
    assert "cannot be given it" in text(
        desk.post(f"{where}/assign", data={"handler": ground.student.id, "version": 2}), 422
    )
    assert desk.post(f"{where}/assign", data={"version": 2}).status_code == 303
    assert matter.handler_id is None
    assert desk.post(f"{where}/assign", data={}).status_code == 412
    for view in ("open", "late", "mine", "free", "answered", "closed"):
        text(desk.get(f"/feedback/desk?view={view}&kind=complaint&q=灯"))
    assert desk.get("/feedback/desk?view=nonsense").status_code == 422


def test_it_becomes_a_request_or_a_notice(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session
) -> None:
    first = feedback.said(ground.student, place_id=ground.room.id)
    desk = login(ground.dispatcher)
    where = f"/feedback/{first.id}"
    page = text(desk.get(f"{where}/convert"))
    assert "水房的灯坏了一周没人管。" in page
    given = {"version": 1, "category": ground.category.id, "place_id": ground.room.id, "description": "灯坏了"}
    assert "Choose what the problem is." in text(desk.post(f"{where}/repair", data={**given, "category": ""}), 422)
    assert desk.post(f"{where}/repair", data=given).status_code == 303
    number = database.scalars(select(Ticket.number)).one()
    assert number in text(desk.get(where))
    assert "closed already" in text(desk.post(f"{where}/repair", data={**given, "version": 2}), 409)
    assert "This is closed already." in text(desk.get(f"{where}/convert"))
    student = login(ground.student)
    assert f"/tickets/{first.became_id}" in text(student.get(where))
    second = feedback.said(ground.student, Kind.SUGGESTION)
    desk = login(ground.dispatcher)
    where = f"/feedback/{second.id}"
    assert "Give a title" in text(desk.post(f"{where}/notice", data={"version": 1}), 422)
    made = desk.post(f"{where}/notice", data={"version": 1, "title_zh": "饮水机"})
    notice = database.scalars(select(Notice)).one()
    assert made.location == f"/notices/{notice.id}/edit"
    assert "notice for everybody" in text(login(ground.student).get(where))


def test_lists_and_threads_take_a_constant_number_of_statements(
    login: Callable[..., FlaskClient], ground: tickets.Ground
) -> None:
    def statements(client: FlaskClient, path: str) -> int:
        with counted() as sent:
            text(client.get(path))
        return len(sent)

    matter = feedback.said(ground.student, place_id=ground.room.id)
    pages = (
        (ground.student, ("/feedback", f"/feedback/{matter.id}", "/")),
        (ground.dispatcher, ("/feedback/desk", f"/feedback/{matter.id}", "/")),
    )
    for person, paths in pages:
        client = login(person)
        before = {path: min(statements(client, path) for _warm in range(2)) for path in paths}
        for _number in range(5):
            feedback.said(ground.student, place_id=ground.room.id)
            acts.note(actor=accounts.actor(ground.dispatcher), now=matter.filed_at, feedback_id=matter.id, text="x")
        assert {path: min(statements(client, path) for _warm in range(2)) for path in paths} == before


def test_the_calls_of_the_contract(client: FlaskClient, ground: tickets.Ground, database: Session) -> None:
    """`POST /feedback`, `/feedback/{id}/messages`, `/convert`, and the lists beside them."""
    student, desk = Caller(client, ground.student), Caller(client, ground.dispatcher)
    made = student.post("/feedback", {"kind": "complaint", "text": "灯坏了", "place_id": str(ground.room.id)}, key="a")
    assert made.status_code == 201, made.json
    assert made.json["receipt"] is None
    assert made.json["answer_due"] == "2026-11-23T10:00:00Z"
    again = student.post("/feedback", {"kind": "complaint", "text": "灯坏了", "place_id": str(ground.room.id)}, key="a")
    assert again.json == made.json
    path = f"/feedback/{made.json['id']}"
    (item,) = student.get("/feedback", mine=1).json["items"]
    assert (item["author"]["id"], item["handler"], item["status"]) == (str(ground.student.id), None, "open")
    assert desk.post(f"{path}/assignment", {"handler": str(ground.dispatcher.id)}).status_code == 428
    given = desk.post(f"{path}/assignment", {"handler": str(ground.dispatcher.id)}, seen=1)
    assert given.json["handler"] == {"id": str(ground.dispatcher.id), "name": ground.dispatcher.name}
    assert student.get(path).json["handler"] is None
    assert desk.post(f"{path}/assignment", {"handler": None}, seen=1).status_code == 412
    noted = desk.post(f"{path}/messages", {"text": "查旧单", "internal": True})
    assert (noted.status_code, noted.json["internal"]) == (201, True)
    answered = desk.post(f"{path}/messages", {"text": "明天换"})
    assert (answered.json["kind"], answered.json["author"]["name"]) == ("answer", ground.dispatcher.name)
    assert [each["kind"] for each in student.get(f"{path}/messages").json["items"]] == ["file", "answer"]
    assert [each["kind"] for each in desk.get(f"{path}/messages").json["items"]] == ["file", "note", "answer"]
    assert student.get(path).json["status"] == "answered"
    replied = student.post(f"{path}/messages", {"text": "还没", "internal": True})
    assert replied.json["kind"] == "reply", "what its author writes is never a note"
    assert student.get("/feedback", status="open,answered").json["items"][0]["id"] == made.json["id"]
    assert student.get("/feedback", kind="praise").json["items"] == []
    assert desk.get("/feedback", handler="me", late=1).json["items"] == []
    assert len(desk.get("/feedback", handler="me", q="灯").json["items"]) == 1
    body = {"to": "ticket", "category": "tap", "place_id": str(ground.room.id), "description": "灯坏了"}
    assert student.post(f"{path}/convert", body).status_code == 403
    assert desk.post(f"{path}/convert", body, seen=1).status_code == 412
    converted = desk.post(f"{path}/convert", body)
    assert converted.json["status"] == "closed"
    assert converted.json["ticket_number"] == database.scalars(select(Ticket.number)).one()
    assert desk.post(f"{path}/convert", body).status_code == 409
    other = student.post("/feedback", {"kind": "suggestion", "text": "多放插座"}).json["id"]
    as_notice = desk.post(f"/feedback/{other}/convert", {"to": "notice", "title_en": "Sockets"})
    assert as_notice.json["notice_id"] == str(database.scalars(select(Notice.id)).one())


def test_without_a_name_over_the_api(client: FlaskClient, ground: tickets.Ground, database: Session) -> None:
    student, other = Caller(client, ground.student), Caller(client, accounts.person("student"))
    body = {"kind": "question", "text": "热水几点停？", "anonymous": True}
    first, second = (student.post("/feedback", body, key="same") for _twice in range(2))
    assert first.json == second.json
    secret = first.json["receipt"]
    assert len(secret) == 26
    assert other.post("/feedback", {**body, "text": "别的"}, key="same").json["receipt"] != secret
    assert database.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
    assert student.get(f"/feedback/{first.json['id']}").status_code == 404
    assert "热水几点停？" in text(client.get(f"/feedback/r/{secret}"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "x"}, "kind"),
        ({"kind": "rumour", "text": "x"}, "kind"),
        ({"kind": "praise"}, "text"),
        ({"kind": "praise", "text": "x" * 3001}, "text"),
        ({"kind": "praise", "text": "x", "anonymous": "yes"}, "anonymous"),
        ({"kind": "praise", "text": "x", "about": ["1"]}, "about"),
        ({"kind": "praise", "text": "x", "ticket_id": "99999"}, "ticket_id"),
        ({"kind": "praise", "text": "x", "mood": "good"}, "mood"),
    ],
)
def test_the_api_names_what_is_wrong(
    client: FlaskClient, ground: tickets.Ground, body: dict[str, Any], field: str
) -> None:
    answer = Caller(client, ground.student).post("/feedback", body)
    assert answer.status_code == 422, answer.json
    assert field in {each["field"].split(".")[0] for each in answer.json["errors"]}
