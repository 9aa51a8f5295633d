"""The page of one ticket, and the acts on it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.attachments.models import Attachment
from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.tickets.models import Rating, Ticket, WorkOrder
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import acts, dispatching, orders, timers
from app.tickets.web import drafts
from tests.counting import counted
from tests.factories import accounts, attachments
from tests.factories import tickets as made

Login = Callable[..., FlaskClient]
pytestmark = pytest.mark.usefixtures("frozen", "english")


@pytest.fixture
def english(client: FlaskClient) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"


class Ground(made.Ground):
    """With a ticket, and the way of its order through a technician's hands."""

    def __init__(self) -> None:
        super().__init__()
        self.worker = self.technician()
        self.worker.name = "王师傅"
        self.ticket = self.file()
        self.path = f"/tickets/{self.ticket.id}"

    def row(self) -> Ticket:
        db.session.expire_all()
        return db.session.scalars(select(Ticket).where(Ticket.id == self.ticket.id)).one()

    def order(self) -> WorkOrder:
        db.session.expire_all()
        query = select(WorkOrder).where(WorkOrder.ticket_id == self.ticket.id).order_by(WorkOrder.id.desc())
        return db.session.scalars(query).first()

    def offer(self) -> None:
        dispatching.assign(
            actor=made.actor(self.dispatcher),
            now=clock.now(),
            order_id=self.order().id,
            seen=None,
            assignee_id=self.worker.id,
        )

    def step(self, act: OrderAct, **more: Any) -> None:
        orders.act(actor=made.actor(self.worker), now=clock.now(), order_id=self.order().id, act=act, seen=None, **more)

    def done(self) -> None:
        self.offer()
        self.step(OrderAct.ACCEPT)
        self.step(OrderAct.START)
        self.step(OrderAct.DONE, note="换了阀芯")


@pytest.fixture
def ground(database: Session, frozen: datetime) -> Ground:
    return Ground()


def page_of(client: FlaskClient, ground: Ground) -> str:
    answer = client.get(ground.path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def send(client: FlaskClient, ground: Ground, act: str, **fields: Any) -> TestResponse:
    sent = {"version": str(ground.row().version), **fields}
    return client.post(f"{ground.path}/{act}", data=sent)


class TestReader:
    def test_words_follow_the_way(self, ground: Ground, login: Login) -> None:
        client = login(ground.student)
        assert "We are looking for a technician." in page_of(client, ground)
        ground.offer()
        page = page_of(client, ground)
        assert "We are looking for a technician." in page
        assert "王师傅" not in page
        ground.step(OrderAct.ACCEPT)
        assert "王师傅 has taken it" in page_of(client, ground)
        ground.step(OrderAct.LEAVE)
        assert "王师傅 is on the way" in page_of(client, ground)
        ground.step(OrderAct.START)
        assert "王师傅 is at work" in page_of(client, ground)
        ground.step(OrderAct.HOLD, reason="parts", until=clock.now() + timedelta(days=2))
        day = (clock.now() + timedelta(days=2)).astimezone(ZoneInfo("Asia/Shanghai"))
        assert f"Waiting for parts, until {day.day} {day:%b}, {day:%H:%M}" in page_of(client, ground)
        ground.step(OrderAct.START)
        ground.step(OrderAct.DONE, note="换了阀芯")
        page = page_of(client, ground)
        assert "Repaired, waiting for you" in page
        assert "换了阀芯" in page
        assert "Without an answer it is closed on 25 Nov" in page

    @pytest.mark.parametrize("nobody", [{"reporter_id": None}, {"left_at": datetime(2026, 11, 18, tzinfo=UTC)}])
    def test_what_nobody_can_confirm_closes_by_itself(
        self, ground: Ground, login: Login, now: datetime, nobody: dict[str, Any]
    ) -> None:
        """A report without a name, and one whose reporter has left, as the desk reads them (N5, N6)."""
        ground.done()
        client = login(ground.dispatcher)
        assert "waiting for the reporter" in page_of(client, ground)
        db.session.execute(update(Ticket).values(**nobody))
        page = page_of(client, ground)
        assert "It closes by itself on 25 Nov: nobody can confirm it." in page
        assert "waiting for" not in page.split("<main")[1].split("</main")[0]
        assert ">Answer<" not in page
        system, later = Actor.system(ground.dispatcher.institution_id), now + timedelta(days=8)
        timers.close_by_default(actor=system, now=later, ticket_id=ground.ticket.id, cycle=1)
        assert "nobody could confirm it" in page_of(client, ground)

    def test_offers_and_declines_are_not_told_to_the_reporter(self, ground: Ground, login: Login) -> None:
        ground.offer()
        ground.step(OrderAct.DECLINE, reason="busy")
        mine = page_of(login(ground.student), ground)
        assert "Offer declined" not in mine
        assert "Order offered" not in mine
        desk = page_of(login(ground.dispatcher), ground)
        assert "Offer declined" in desk
        assert "Too much to do" in desk

    def test_work_after_a_hold_is_not_said_to_start(self, ground: Ground, login: Login) -> None:
        ground.offer()
        for act, more in ((OrderAct.ACCEPT, {}), (OrderAct.START, {}), (OrderAct.HOLD, {"reason": "access"})):
            ground.step(act, **more)
        ground.step(OrderAct.START)
        page = page_of(login(ground.student), ground)
        assert page.count("Work started") == page.count("Work resumed") == 1

    def test_staff_sees_facts_and_orders(self, ground: Ground, login: Login) -> None:
        page = page_of(login(ground.dispatcher), ground)
        for word in ("Work orders", ground.order().number, "Reported by", ground.student.name, "Priority"):
            assert word in page
        assert "Work orders" not in page_of(login(ground.student), ground)

    def test_strangers_find_nothing(self, ground: Ground, login: Login, client: FlaskClient) -> None:
        assert client.get(ground.path).status_code == 302
        assert login(accounts.person("student")).get(ground.path).status_code == 404
        assert client.get("/tickets/99999999").status_code == 404
        assert client.get("/tickets/0").status_code == 404

    def test_words_are_shown_as_they_were_written(self, ground: Ground, login: Login) -> None:
        filed = ground.file(description="<script>alert(1)</script>\n第二行")
        page = login(ground.student).get(f"/tickets/{filed.id}").get_data(as_text=True)
        assert "&lt;script&gt;alert(1)" in page


class TestLive:
    def test_page_asks_again_while_it_is_open(self, ground: Ground, login: Login) -> None:
        client = login(ground.student)
        assert f'hx-get="{ground.path}"' in page_of(client, ground)
        acts.withdraw(actor=made.actor(ground.student), now=clock.now(), ticket_id=ground.ticket.id, seen=None)
        assert "hx-get" not in page_of(client, ground)

    def test_a_closed_page_asks_again_while_a_photo_is_being_prepared(self, ground: Ground, login: Login) -> None:
        client = login(ground.student)
        photo = (io.BytesIO(attachments.jpeg()), "more.jpg")
        assert send(client, ground, "photos", more_photos=photo).status_code == 303
        acts.withdraw(actor=made.actor(ground.student), now=clock.now(), ticket_id=ground.ticket.id, seen=None)
        assert f'hx-get="{ground.path}" hx-trigger="every 2s' in page_of(client, ground)
        attachments.prepare(db.session.scalars(select(Attachment)).one())
        assert "hx-get" not in page_of(client, ground)

    def test_fragment_is_the_live_part_and_304_while_nothing_happens(self, ground: Ground, login: Login) -> None:
        client = login(ground.student)
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
        first = client.get(ground.path, headers=headers)
        body = first.get_data(as_text=True)
        assert body.strip().startswith('<div id="track"')
        assert "hx-swap-oob" in body
        assert "<html" not in body
        again = {**headers, "If-None-Match": first.headers["ETag"]}
        with counted() as cheap:
            assert client.get(ground.path, headers=again).status_code == 304
        ground.offer()
        with counted() as full:
            assert client.get(ground.path, headers=again).status_code == 200
        assert len(cheap) < len(full)

    def test_statements_do_not_grow_with_the_history(self, ground: Ground, login: Login) -> None:
        client = login(ground.dispatcher)
        page_of(client, ground)
        with counted() as few:
            page_of(client, ground)
        for n in range(12):
            acts.note(actor=made.actor(ground.dispatcher), now=clock.now(), ticket_id=ground.ticket.id, text=f"{n}")
        with counted() as many:
            page_of(client, ground)
        assert len(few) == len(many)


class TestReporterActs:
    def test_withdraw(self, ground: Ground, login: Login) -> None:
        client = login(ground.student)
        assert "Withdraw" in page_of(client, ground)
        assert send(client, ground, "withdraw").location == ground.path
        assert ground.row().status == "withdrawn"
        assert f"{ground.path}/withdraw" not in page_of(client, ground)

    def test_withdraw_is_not_offered_once_work_began(self, ground: Ground, login: Login) -> None:
        ground.offer()
        ground.step(OrderAct.ACCEPT)
        ground.step(OrderAct.START)
        client = login(ground.student)
        assert f"{ground.path}/withdraw" not in page_of(client, ground)
        answer = send(client, ground, "withdraw")
        assert answer.status_code == 409
        assert "Work has already begun" in answer.get_data(as_text=True)

    def test_answer(self, ground: Ground, login: Login) -> None:
        actor = made.actor(ground.dispatcher)
        acts.ask(actor=actor, now=clock.now(), ticket_id=ground.ticket.id, seen=None, note="哪个水龙头？")
        client = login(ground.student)
        page = page_of(client, ground)
        assert "We have a question for you" in page
        assert "哪个水龙头？" in page
        empty = send(client, ground, "answer", answer=" ")
        assert empty.status_code == 422
        assert "Write the answer, or add a photo." in empty.get_data(as_text=True)
        assert send(client, ground, "answer", answer="阳台的").status_code == 303
        assert ground.row().status == "accepted"
        assert "阳台的" in page_of(client, ground)

    def test_a_photo_alone_answers(self, ground: Ground, login: Login, database: Session) -> None:
        actor = made.actor(ground.dispatcher)
        acts.ask(actor=actor, now=clock.now(), ticket_id=ground.ticket.id, seen=None, note="请拍一张照片")
        client = login(ground.student)
        form = page_of(client, ground).split('id="answer-form"')[1].split("</form>")[0]
        assert 'name="answer_photos"' in form
        no_photo = send(client, ground, "answer", answer_photos=(io.BytesIO(b"GIF89a" + b"0" * 90), "x.gif"))
        assert no_photo.status_code == 415
        assert ground.row().status == "needs_info"
        sent = send(client, ground, "answer", answer_photos=(io.BytesIO(attachments.jpeg()), "tap.jpg"))
        assert sent.status_code == 303
        assert ground.row().status == "accepted"
        photo = database.scalars(select(Attachment).where(Attachment.owner_id == ground.ticket.id)).one()
        assert (photo.owner_kind, photo.moment) == ("ticket", "report")

    def test_confirm_then_rate_then_change_the_rating(self, ground: Ground, login: Login) -> None:
        ground.done()
        client = login(ground.student)
        page = page_of(client, ground)
        assert f"{ground.path}/confirm" in page
        assert send(client, ground, "confirm").status_code == 303
        assert ground.row().status == "closed"
        assert send(client, ground, "rating", quality="5", speed="4", manner="5", comment="好").status_code == 303
        assert send(client, ground, "rating", quality="3", speed="4", manner="5").status_code == 303
        kept = db.session.scalars(select(Rating)).one()
        assert (kept.quality, kept.comment) == (3, None)
        assert "Rated; you can change it." in page_of(client, ground)

    @pytest.mark.parametrize("missing", [{}, {"quality": "6"}, {"quality": "x"}])
    def test_rating_without_all_stars(self, ground: Ground, login: Login, missing: dict[str, str]) -> None:
        ground.done()
        sent = {"speed": "4", "manner": "5", "comment": "说得很清楚", **missing}
        answer = send(login(ground.student), ground, "rating", **sent)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert "Choose one to five stars." in page
        assert "说得很清楚" in page

    def test_not_fixed_needs_words_or_a_photo(self, ground: Ground, login: Login) -> None:
        ground.done()
        client = login(ground.student)
        refused = send(client, ground, "not-fixed")
        assert refused.status_code == 422
        assert "Say what is still wrong, or add a photo." in refused.get_data(as_text=True)
        photo = (io.BytesIO(attachments.jpeg()), "still.jpg")
        assert send(client, ground, "not-fixed", complaint_photos=photo).status_code == 303
        assert ground.row().status == "in_service"
        assert db.session.scalars(select(Attachment)).one().owner_id == ground.ticket.id
        page = page_of(client, ground)
        assert "It comes back to us" in page
        assert "A supervisor chooses" in page
        desk = page_of(login(ground.dispatcher), ground)
        assert "1 time<" in desk  # how often it came back

    def test_not_fixed_too_late_says_how_to_go_on(self, ground: Ground, login: Login, now: datetime) -> None:
        ground.done()
        with clock.frozen(now + timedelta(days=31)):
            client = login(ground.student)
            answer = send(client, ground, "not-fixed", complaint="又漏了")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 409
        assert "Please file a new request" in page
        assert "又漏了" in page

    def test_photos_added_later(self, ground: Ground, login: Login, now: datetime) -> None:
        client = login(ground.student)
        assert send(client, ground, "photos").status_code == 422
        photo = (io.BytesIO(attachments.jpeg()), "more.jpg")
        with clock.frozen(now + timedelta(minutes=1)), counted() as statements:
            assert send(client, ground, "photos", more_photos=photo).status_code == 303
        assert sum("sent_sha256 = " in each for each in statements) == 1, "looked for once"
        assert "Photo added" in page_of(client, ground)

    def test_the_same_photo_again_adds_nothing(self, ground: Ground, login: Login, now: datetime) -> None:
        """Its first line and its first row stay the only ones; by the API as by the page."""
        client = login(ground.student)
        with clock.frozen(now + timedelta(minutes=1)):
            for _ in range(2):
                photo = (io.BytesIO(attachments.jpeg()), "tap.jpg")
                assert send(client, ground, "photos", more_photos=photo).status_code == 303
            answers = [
                client.post(
                    f"/api/v1{ground.path}/photos",
                    headers=accounts.token(ground.student),
                    data={"photo": (io.BytesIO(attachments.jpeg()), "tap.jpg")},
                )
                for _ in range(2)
            ]
        assert page_of(client, ground).count("Photo added") == 1
        (kept,) = db.session.scalars(select(Attachment))
        for answer in answers:
            assert (answer.status_code, [each["id"] for each in answer.json["items"]]) == (201, [str(kept.id)])
        again = [(io.BytesIO(attachments.jpeg(colour=(9, 9, 9))), name) for name in ("a.jpg", "b.jpg")]
        with clock.frozen(now + timedelta(minutes=2)):
            assert send(client, ground, "photos", more_photos=again).status_code == 303
        assert page_of(client, ground).count("Photo added") == 2, "two of one form are one, too"

    def test_words_outlive_the_sign_in(self, ground: Ground, client: FlaskClient, login: Login) -> None:
        ground.done()
        sent = {"complaint": "又漏了", "whose": drafts.owner(accounts.actor(ground.student)), "act": "not_fixed"}
        answer = client.post(f"{ground.path}/not-fixed", data=sent)
        assert answer.location == f"/login?next={ground.path}"
        page = page_of(login(ground.student), ground)
        assert "又漏了" in page
        assert "What you wrote is still here." in page

    def test_the_language_of_a_refused_act_leads_back_to_the_ticket(self, ground: Ground, login: Login) -> None:
        refused = send(login(ground.dispatcher), ground, "ask")
        assert refused.status_code == 422
        assert f'<input type="hidden" name="next" value="{ground.path}">' in refused.text

    def test_stale_page_loses_nothing(self, ground: Ground, login: Login) -> None:
        ground.done()
        client = login(ground.student)
        answer = client.post(f"{ground.path}/not-fixed", data={"version": "1", "complaint": "又漏了"})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 412
        assert "has changed in the meantime" in page
        assert "又漏了" in page

    def test_not_the_reporter(self, ground: Ground, login: Login) -> None:
        ground.done()
        stranger = login(accounts.person("student"))
        for act in ("confirm", "withdraw", "rating", "not-fixed", "answer", "photos"):
            sent = {"quality": "5", "speed": "5", "manner": "5", "complaint": "x", "answer": "x"}
            assert send(stranger, ground, act, **sent).status_code == 404, act

    def test_dispatcher_does_not_confirm_for_the_reporter(self, ground: Ground, login: Login) -> None:
        ground.done()
        client = login(ground.dispatcher)
        assert f"{ground.path}/confirm" not in page_of(client, ground)
        assert send(client, ground, "confirm").status_code == 403


class TestDesk:
    def test_accept(self, ground: Ground, login: Login) -> None:
        filed = ground.file(place_text="操场东门外")
        client = login(ground.dispatcher)
        page = client.get(f"/tickets/{filed.id}").get_data(as_text=True)
        assert f"/tickets/{filed.id}/accept" in page
        client.post(f"/tickets/{filed.id}/accept", data={"version": "1"})
        assert db.session.scalar(select(Ticket.status).where(Ticket.id == filed.id)) == "accepted"

    def test_ask_reject_reconsider(self, ground: Ground, login: Login) -> None:
        client = login(ground.dispatcher)
        assert send(client, ground, "ask", question="哪个？").status_code == 303
        assert ground.row().status == "needs_info"
        refused = send(client, ground, "reject", reject_note="请找物业")
        assert refused.status_code == 422
        assert "Choose or write a reason." in refused.get_data(as_text=True)
        assert "请找物业" in refused.get_data(as_text=True)
        assert send(client, ground, "reject", reject_reason="not_ours", reject_note="请找物业").status_code == 303
        assert ground.row().status == "rejected"
        told = page_of(login(ground.student), ground)
        assert "Not ours to repair" in told
        assert "请找物业" in told
        client = login(ground.dispatcher)
        assert send(client, ground, "reconsider", again_reason="new_facts").status_code == 303
        assert ground.row().status == "needs_info"

    def test_question_is_not_offered_once_somebody_has_taken_it(self, ground: Ground, login: Login) -> None:
        ground.offer()
        ground.step(OrderAct.ACCEPT)
        assert f"{ground.path}/ask" not in page_of(login(ground.dispatcher), ground)

    def test_reporter_does_not_triage(self, ground: Ground, login: Login) -> None:
        client = login(ground.student)
        for act in ("accept", "ask", "reject", "reconsider"):
            assert send(client, ground, act, question="x", reject_reason="no_fault").status_code == 403

    def test_reader_of_another_building_finds_nothing(self, ground: Ground, login: Login) -> None:
        elsewhere = made.place("building", "图书馆", ground.campus)
        manager = accounts.person("dormmanager", scope_kind="building", scope_id=elsewhere.id)
        assert login(manager).get(ground.path).status_code == 404


def test_default_closing_is_said(ground: Ground, login: Login, now: datetime) -> None:
    ground.done()
    db.session.execute(update(Ticket).values(resolved_at=now - timedelta(days=8)))
    timers.close_by_default(actor=Actor.system(1), now=now, ticket_id=ground.ticket.id, cycle=1)
    assert "Nobody answered for 7 days" in page_of(login(ground.student), ground)
