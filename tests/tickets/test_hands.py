"""Not alone: helpers of an order, and further orders a technician proposes (finish to start)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.tickets.models import Absence, OrderHelper, Ticket, TicketEvent, WorkOrder
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import hands
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import do, offered
from tests.tickets.delivering import deliver_all, told

pytestmark = pytest.mark.usefixtures("frozen")


class Api:
    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def ask(self, who: Person, method: str, path: str, body: Any = None, seen: int | None = None) -> Any:
        headers = {**accounts.token(who), "Accept-Language": "en"}
        if seen is not None:
            headers["If-Match"] = f'"v{seen}"'
        json = None if method in ("GET", "DELETE") else body or {}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, json=json)


@pytest.fixture
def api(client: FlaskClient) -> Api:
    return Api(client)


def held(ground: make.Ground, now: datetime) -> tuple[Person, int]:
    """Somebody at work on an order."""
    holder = ground.technician(level=3)
    order_id = offered(ground, now)
    do(holder, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    return holder, order_id


def order(database: Session, order_id: int) -> WorkOrder:
    return database.get_one(WorkOrder, (1, order_id), populate_existing=True)


class TestHelpers:
    def test_if_match_is_honoured(self, ground: make.Ground, api: Api, database: Session, now: datetime) -> None:
        holder, order_id = held(ground, now)
        mate, version = ground.technician(), order(database, order_id).version
        path, body = f"/work-orders/{order_id}/helpers", {"person_id": str(mate.id)}
        for sent in ({}, body):
            assert api.ask(holder, "POST", path, sent, seen=version - 1).status_code == 412
        assert api.ask(holder, "POST", path, body, seen=version).status_code == 201
        assert api.ask(mate, "DELETE", f"{path}/{mate.id}", seen=version - 1).status_code == 412
        assert api.ask(mate, "DELETE", f"{path}/{mate.id}", seen=version).status_code == 200

    def test_the_holder_asks_and_dispatch_sends_somebody(
        self, ground: make.Ground, api: Api, database: Session, now: datetime
    ) -> None:
        holder, order_id = held(ground, now)
        mate = ground.technician(on_shift=False, cap=0)
        asked = api.ask(holder, "POST", f"/work-orders/{order_id}/helpers", {"note": "抬热水器"})
        assert (asked.status_code, asked.json["items"]) == (201, [])
        assert asked.json["asked_at"] is not None
        deliver_all(now)
        assert told(ground.dispatcher, "order-help-asked") == 1
        path = f"/work-orders/{order_id}/helpers"
        sent = api.ask(ground.dispatcher, "POST", path, {"person_id": str(mate.id)})
        assert sent.json == {"items": [{"id": str(mate.id), "name": mate.name}], "asked_at": None}
        deliver_all(now)
        assert told(mate, "order-help") == 1
        assert api.ask(mate, "GET", f"/work-orders/{order_id}").status_code == 200, "a helper sees the order"
        listed = api.ask(mate, "GET", "/work-orders").json["items"]
        assert [each["id"] for each in listed] == [str(order_id)]
        moved = api.ask(mate, "POST", f"/work-orders/{order_id}/transitions", {"to": "done", "note": "x"}, seen=4)
        assert moved.status_code == 403, "the holder answers for the work"
        assert api.ask(mate, "DELETE", f"{path}/{mate.id}").json["items"] == []
        kinds = database.scalars(select(TicketEvent.data).where(TicketEvent.kind == "helper").order_by(TicketEvent.id))
        assert [each["what"] for each in kinds] == ["asked", "added", "left"]

    def test_whom_one_cannot_send(self, ground: make.Ground, api: Api, database: Session, now: datetime) -> None:
        holder, order_id = held(ground, now)
        away = ground.technician()
        database.add(Absence(person_id=away.id, starts_at=now, ends_at=now + timedelta(hours=1)))
        mate, path = ground.technician(), f"/work-orders/{order_id}/helpers"
        assert api.ask(holder, "POST", path, {"person_id": str(mate.id)}).status_code == 201
        for person in (away, holder, mate, ground.student):
            refused = api.ask(ground.dispatcher, "POST", path, {"person_id": str(person.id)})
            assert refused.status_code == 422, person.name
        assert api.ask(mate, "POST", path, {"person_id": str(away.id)}).status_code == 403
        assert api.ask(ground.technician(), "POST", path, {}).status_code == 404
        assert api.ask(ground.dispatcher, "DELETE", f"{path}/{away.id}").status_code == 404
        assert len(database.scalars(select(OrderHelper)).all()) == 1

    def test_nobody_helps_with_what_nobody_holds(self, ground: make.Ground, api: Api, now: datetime) -> None:
        ground.technician()
        order_id = offered(ground, now)
        answer = api.ask(ground.dispatcher, "POST", f"/work-orders/{order_id}/helpers", {"person_id": "1"})
        assert answer.status_code == 409

    def test_finished_work_asks_for_nobody(self, ground: make.Ground, database: Session, now: datetime) -> None:
        holder, order_id = held(ground, now)
        hands.ask(actor=make.actor(holder), now=now, order_id=order_id)
        do(holder, order_id, OrderAct.DONE, now=now, note="ok")
        assert order(database, order_id).help_asked_at is None

    def test_on_the_pages(
        self, ground: make.Ground, login: Callable[..., FlaskClient], database: Session, now: datetime
    ) -> None:
        holder, order_id = held(ground, now)
        mate = ground.technician()
        browser = login(holder)
        browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        assert f'href="/crew/{order_id}/hands"' in browser.get(f"/crew/{order_id}").get_data(as_text=True)
        assert "I need a second person" in browser.get(f"/crew/{order_id}/hands").get_data(as_text=True)
        assert browser.post(f"/crew/{order_id}/help", data={"note": "heavy"}).status_code == 303
        login(ground.dispatcher)
        assert "Needs a second pair of hands" in browser.get("/dispatch").get_data(as_text=True)
        page = browser.get(f"/dispatch/{order_id}").get_data(as_text=True)
        assert "Asked for somebody" in page
        assert f'<option value="{mate.id}">' in page
        assert browser.post(f"/dispatch/{order_id}/helpers", data={}).status_code == 422
        sent = browser.post(f"/dispatch/{order_id}/helpers", data={"helper_person_id": mate.id})
        assert sent.status_code == 303
        login(mate)
        assert "You help with" in browser.get("/crew").get_data(as_text=True)
        assert browser.post(f"/crew/{order_id}/leave-help").status_code == 303
        assert "You help with" not in browser.get("/crew").get_data(as_text=True)
        assert browser.get(f"/crew/{order_id}/hands").status_code == 404, "only the holder asks"


class TestProposals:
    def test_a_technician_proposes_and_a_dispatcher_decides(
        self, ground: make.Ground, api: Api, database: Session, now: datetime
    ) -> None:
        holder, order_id = held(ground, now)
        make.trade("paint", "油漆", "Painter")
        ticket_id = order(database, order_id).ticket_id
        body = {"trade": "paint", "minutes": 20, "after": str(order_id), "reason": "墙要补漆"}
        made = api.ask(holder, "POST", f"/tickets/{ticket_id}/work-orders", body)
        assert (made.status_code, made.json["state"]) == (201, "planned")
        proposed = int(made.json["id"])
        deliver_all(now)
        assert told(ground.dispatcher, "order-proposed") == 1
        do(holder, order_id, OrderAct.DONE, now=now, note="ok")
        assert order(database, proposed).state == "planned", "nothing is queued before somebody approves"
        assert database.get_one(Ticket, (1, ticket_id), populate_existing=True).status == "in_service"
        mine = api.ask(holder, "POST", f"/work-orders/{proposed}/approval", {}, seen=1)
        assert mine.status_code == 403, "nobody approves his own"
        approved = api.ask(ground.dispatcher, "POST", f"/work-orders/{proposed}/approval", {}, seen=1)
        assert (approved.status_code, approved.json["state"]) == (200, "queued")
        assert order(database, proposed).proposed_by is None
        again = api.ask(ground.dispatcher, "POST", f"/work-orders/{proposed}/approval", {}, seen=2)
        assert again.status_code == 409

    def test_approved_before_the_first_is_done_it_waits_for_it(
        self, ground: make.Ground, api: Api, database: Session, now: datetime
    ) -> None:
        holder, order_id = held(ground, now)
        ticket_id = order(database, order_id).ticket_id
        body = {"trade": "water", "after": str(order_id), "reason": "then"}
        proposed = int(api.ask(holder, "POST", f"/tickets/{ticket_id}/work-orders", body).json["id"])
        approved = api.ask(ground.dispatcher, "POST", f"/work-orders/{proposed}/approval", {}, seen=1)
        assert approved.json["state"] == "planned"
        do(holder, order_id, OrderAct.DONE, now=now, note="ok")
        assert order(database, proposed).state == "queued"

    def test_who_does_not_hold_an_order_of_it_proposes_nothing(
        self, ground: make.Ground, api: Api, database: Session, now: datetime
    ) -> None:
        _holder, order_id = held(ground, now)
        ticket_id = order(database, order_id).ticket_id
        body = {"trade": "water", "reason": "x"}
        path = f"/tickets/{ticket_id}/work-orders"
        assert api.ask(ground.technician(), "POST", path, body).status_code == 404
        assert api.ask(ground.student, "POST", path, body).status_code == 403

    def test_on_the_pages(
        self, ground: make.Ground, login: Callable[..., FlaskClient], database: Session, now: datetime
    ) -> None:
        holder, order_id = held(ground, now)
        browser = login(holder)
        browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        refused = browser.post(f"/crew/{order_id}/propose", data={"trade": "water"})
        assert refused.status_code == 422
        assert "Choose or write a reason." in refused.get_data(as_text=True)
        sent = {"trade": "water", "words": "pipe behind the wall", "minutes": "40", "after": "1"}
        assert browser.post(f"/crew/{order_id}/propose", data=sent).status_code == 303
        proposed = database.scalars(select(WorkOrder).order_by(WorkOrder.id.desc())).first()
        assert proposed is not None
        assert (proposed.after_id, proposed.planned_minutes, proposed.proposed_by) == (order_id, 40, holder.id)
        login(ground.dispatcher)
        assert "Proposed by a technician" in browser.get("/dispatch?state=planned").get_data(as_text=True)
        assert "A technician proposes this order" in browser.get(f"/dispatch/{proposed.id}").get_data(as_text=True)
        assert browser.post(f"/dispatch/{proposed.id}/approve", data={"version": 1}).status_code == 303
        assert order(database, proposed.id).proposed_by is None
