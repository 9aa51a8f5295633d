"""The promise in words, for whoever reported (tickets-rules 21 to 23): on his pages, on the receipt, in notices.

The clock stands in November 2026; 18 November is a Wednesday. Office hours are 8 to 12 and 14 to 18.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, i18n
from app.notifications import rendering
from app.notifications.models import Notification
from app.sites import queries as sites
from app.sites.models import Place, PlaceSticker
from app.tickets.models import SlaPolicyVersion, TicketEvent
from app.tickets.rules import sla_policy
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import acts, extensions, priorities
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import do, offered
from tests.tickets.delivering import deliver_all
from tests.tickets.test_clock_pages import local, page, text

Login = Callable[..., FlaskClient]


def file(ground: make.Ground, at: datetime | None = None, **more: Any) -> int:
    with clock.frozen(at or local(18, 10)):
        return ground.file(**more).id


def chinese(client: FlaskClient, path: str, at: datetime) -> str:
    with clock.frozen(at):
        found = client.get(path, headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found))


def told(database: Session, ticket_id: int) -> list[dict[str, Any]]:
    """What the events that tell the promise say, oldest first."""
    query = select(TicketEvent.data).where(TicketEvent.ticket_id == ticket_id, TicketEvent.kind == "promise")
    return [dict(data or {}) for data in database.scalars(query.order_by(TicketEvent.id))]


class TestOnThePage:
    def test_in_words_of_both_languages(self, ground: make.Ground, login: Login) -> None:
        """21: by Monday, by the next day, today; then whether it was kept."""
        ticket_id = file(ground)
        client = login(ground.student)
        path = f"/tickets/{ticket_id}"
        assert "Promised: by Monday 18:00" in text(client, path, local(18, 11))
        assert "Promised: by 18:00 tomorrow" in text(client, path, local(22, 11))
        assert "Promised: by 18:00 today" in text(client, path, local(23, 11))
        assert "承诺下周一 18:00 前修好" in chinese(client, path, local(18, 11))
        assert "承诺今天 18:00 前修好" in chinese(client, path, local(23, 11))
        assert "We promised it by 18:00 today and have not kept that." in text(client, path, local(23, 18, 30))

    def test_midnight_is_the_end_of_a_day(self, ground: make.Ground, database: Session, login: Login) -> None:
        """21, 28: an emergency has 1,440 minutes of all hours, up to a quarter; that is by 24:00, not by 00:00."""
        make.category("flood", ground.trade, "爆管", "Burst", emergency=True, emergency_phone="110")
        ticket_id = file(ground, local(18, 23, 54), category="flood")
        assert told(database, ticket_id)[0]["until"] == i18n.iso(local(20, 0))
        client, path = login(ground.student), f"/tickets/{ticket_id}"
        assert "Promised: by 24:00 tomorrow" in text(client, path, local(18, 23, 54))
        assert "承诺明天 24:00 前修好" in chinese(client, path, local(18, 23, 54))
        assert "Promised: by 24:00 today" in text(client, path, local(19, 23, 59))
        assert "We promised it by 24:00 yesterday" in text(client, path, local(20, 0, 30))
        with clock.frozen(local(18, 23, 54)), i18n.speaking("zh-CN"):
            assert i18n.format_due(local(20, 0), dated=True) == "11月19日（明天）24:00"

    def test_without_a_promise_only_the_state_is_spoken_of(
        self, ground: make.Ground, database: Session, login: Login
    ) -> None:
        """21: a policy that promises nothing, and a request nobody has looked at."""
        ticket_id = file(ground, place_text="后山")
        client = login(ground.student)
        assert "Promised" not in text(client, f"/tickets/{ticket_id}", local(18, 11))
        version = database.scalars(select(SlaPolicyVersion)).one()
        silent = sla_policy.written(sla_policy.DEFAULT)
        for line in silent["lines"].values():
            line["promise"] = False
        database.add(
            SlaPolicyVersion(
                policy_id=version.policy_id, number=2, content=silent, note=None, published_at=local(18, 10)
            )
        )
        database.flush()
        ticket_id = file(ground, local(18, 10, 30))
        assert "Promised" not in text(client, f"/tickets/{ticket_id}", local(18, 11))
        assert "Promised" not in text(client, "/tickets?mine=1", local(18, 11))

    def test_a_question_moves_it_by_the_time_waited(self, ground: make.Ground, database: Session, login: Login) -> None:
        """22: by rule, by the working minutes waited; it says so, and from when."""
        ticket_id = file(ground)
        desk, reporter = make.actor(ground.dispatcher), make.actor(ground.student)
        acts.ask(actor=desk, now=local(18, 10, 20), ticket_id=ticket_id, seen=None, note="哪个水龙头？")
        client = login(ground.student)
        path = f"/tickets/{ticket_id}"
        assert "The time until the answer is added." in text(client, path, local(18, 10, 30))
        acts.answer(actor=reporter, now=local(18, 11), ticket_id=ticket_id, seen=None, note="左边的")
        said = text(client, path, local(18, 11))
        assert "Promised: by Tuesday 08:40" in said
        assert "Before, it was promised by 23 Nov, 18:00. We waited for your answer; that time was added." in said
        assert told(database, ticket_id)[-1]["because"] == "answer"

    def test_an_approved_extension_says_why(self, ground: make.Ground, database: Session, login: Login) -> None:
        """22, 23: told with the reason of whoever asked."""
        ticket_id = file(ground)
        self.extend(ground, ticket_id)
        said = text(login(ground.student), f"/tickets/{ticket_id}", local(18, 12))
        assert "Promised: by 27 Nov, 18:00" in said
        assert "More time was needed and approved. 配件要等一周" in said

    def extend(self, ground: make.Ground, ticket_id: int) -> None:
        extensions.ask(
            actor=make.actor(ground.dispatcher),
            now=local(18, 11),
            ticket_id=ticket_id,
            until=local(27, 18),
            reason="配件要等一周",
        )
        supervisor = make.actor(accounts.person("supervisor"))
        extensions.decide(actor=supervisor, now=local(18, 11, 30), ticket_id=ticket_id, approve=True)

    def test_a_raise_brings_it_forward(self, ground: make.Ground, login: Login) -> None:
        """22."""
        ticket_id = file(ground)
        desk = make.actor(ground.dispatcher)
        priorities.override(
            actor=desk, now=local(18, 10, 30), ticket_id=ticket_id, priority="high", reason="整层停水", seen=None
        )
        said = text(login(ground.student), f"/tickets/{ticket_id}", local(18, 10, 31))
        assert "Promised: by 18:00 today" in said
        assert "It is more urgent than was thought, so we come sooner." in said

    def test_nobody_in_moves_it_parts_never(self, ground: make.Ground, database: Session, login: Login) -> None:
        """22, 25."""
        technician = ground.technician()
        with clock.frozen(local(18, 10)):
            order_id = offered(ground, local(18, 10))
        ticket_id = database.scalars(select(TicketEvent.ticket_id).where(TicketEvent.order_id == order_id)).first()
        assert ticket_id is not None
        do(technician, order_id, OrderAct.ACCEPT, now=local(18, 10, 5))
        do(technician, order_id, OrderAct.HOLD, now=local(18, 10, 10), reason="parts", until=local(18, 11))
        do(technician, order_id, OrderAct.START, now=local(18, 11))
        assert len(told(database, ticket_id)) == 1
        do(technician, order_id, OrderAct.HOLD, now=local(18, 11), reason="reporter_absent", note="门上留卡")
        do(technician, order_id, OrderAct.START, now=local(18, 14, 30))
        assert told(database, ticket_id)[-1]["because"] == "absent"
        said = text(login(ground.student), f"/tickets/{ticket_id}", local(18, 14, 30))
        assert "Nobody was in when we came; the time until the next visit was added." in said
        do(technician, order_id, OrderAct.DONE, now=local(18, 15), note="换了垫圈")
        said = text(login(ground.student), f"/tickets/{ticket_id}", local(18, 15, 10))
        assert "5 d 18 h before the time promised." in said

    def test_nothing_is_promised_to_who_withdraws_a_question(
        self, ground: make.Ground, database: Session, login: Login
    ) -> None:
        ticket_id = file(ground)
        desk, reporter = make.actor(ground.dispatcher), make.actor(ground.student)
        acts.ask(actor=desk, now=local(18, 10, 20), ticket_id=ticket_id, seen=None, note="哪个？")
        acts.withdraw(actor=reporter, now=local(18, 11), ticket_id=ticket_id, seen=None)
        assert len(told(database, ticket_id)) == 1
        assert "Promised" not in text(login(ground.student), f"/tickets/{ticket_id}", local(18, 11))

    def test_in_the_zone_of_the_campus(self, ground: make.Ground, database: Session, login: Login) -> None:
        ticket_id = file(ground)
        database.get_one(Place, (1, ground.campus.id)).zone_name = "Asia/Tokyo"
        database.flush()
        client = login(ground.student)
        assert "Promised: by Monday 19:00" in text(client, f"/tickets/{ticket_id}", local(18, 11))
        assert "Promised: by Monday 19:00" in text(client, "/tickets?mine=1", local(18, 11))


def test_list_home_and_receipt(ground: make.Ground, database: Session, login: Login, client: FlaskClient) -> None:
    token = "x" * 22
    database.add(
        PlaceSticker(
            place_id=ground.room.id, token_hash=sites.sticker_digest(token), issued_at=local(18, 9), revoked_at=None
        )
    )
    database.flush()
    with clock.frozen(local(18, 10)):
        answer = client.post(
            f"/r/{token}",
            data={"group": str(ground.category.id), "urgency": "normal", "description": "漏水"},
            headers={"Accept-Language": "en"},
        )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert "Promised: by Monday 18:00" in answer.get_data(as_text=True)
    file(ground)
    student = login(ground.student)
    assert "Promised: by Monday 18:00" in page(student, "/tickets?mine=1", local(18, 11))
    assert "Promised: by Monday 18:00" in page(student, "/", local(18, 11))


class TestNotices:
    def lines(self, database: Session, person: Any, kind: str, at: datetime) -> list[str]:
        query = select(Notification).where(Notification.person_id == person.id, Notification.kind == kind)
        found = database.scalars(query.order_by(Notification.id)).all()
        with clock.frozen(at), i18n.speaking("en"):
            return [rendering.line(each.kind, each.data) for each in found]

    def test_told_with_the_reason(self, ground: make.Ground, database: Session) -> None:
        """22: each move is told, in words as they hold when they are read; mail names the date too."""
        ticket_id = file(ground)
        deliver_all(local(18, 10))
        with clock.frozen(local(18, 11, 30)):
            TestOnThePage().extend(ground, ticket_id)
        deliver_all(local(18, 12))
        accepted = self.lines(database, ground.student, "ticket-accepted", local(18, 12))
        assert "It will be done by Monday 18:00." in accepted[0]
        moved = self.lines(database, ground.student, "ticket-promise-moved", local(27, 9))
        assert moved[0].endswith("will be done by 18:00 today. More time was needed and approved. 配件要等一周")
        stored = database.scalars(select(Notification).where(Notification.kind == "ticket-promise-moved")).one()
        with clock.frozen(local(27, 9)), i18n.speaking("zh-CN"):
            letter = rendering.letter(stored.kind, stored.data, name="李小明", link=None)
        assert "11月27日（今天）18:00" in letter.text
        assert "配件要等一周" in letter.text
