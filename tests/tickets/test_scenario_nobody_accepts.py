"""Scenario 10 of the handbook, through HTTP: nobody accepts, until the duty lead answers by name (38, 39, N1)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock
from app.core.actor import Actor
from app.core.transaction import transaction
from app.notifications.rules.webhooks import Allowed
from app.notifications.webhooks import calling
from app.notifications.webhooks import services as webhooks
from app.notifications.webhooks.models import WebhookMessage
from app.tickets.models import Absence, DutyCall, DutyRoster, Shift, TicketEvent, WorkOrder
from app.tickets.queries import crews
from app.tickets.services import duty_calls, orders
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.delivering import deliver_all, mailed, told, unread

_keys = itertools.count(1)
MINUTE = timedelta(minutes=1)
CALLED = "duty-lead-called"


class Night:
    """A campus with technicians, and a clock that is moved on; everything people do goes over HTTP."""

    def __init__(self, client: FlaskClient, database: Session, now: datetime) -> None:
        self.client, self.database, self.now = client, database, now
        self.ground = make.Ground()
        self.lead = accounts.person("dutylead", name="马组长", email="lead@campus.example")
        database.add(DutyRoster(person_id=self.lead.id, starts_at=now - timedelta(days=1)))
        accounts.person("admin")
        database.flush()

    def ask(self, who: Person, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {**accounts.token(who), "Accept-Language": "en", **headers}
        with clock.frozen(self.now):
            return self.client.open(f"/api/v1{path}", method=method, headers=given, json=body)

    def file(self, **more: Any) -> str:
        body = {"place_id": str(self.ground.room.id), "category": "tap", "description": "漏水", **more}
        key = {"Idempotency-Key": f"night-{next(_keys)}"}
        filed = self.ask(self.ground.student, "POST", "/tickets", body, **key)
        assert filed.status_code == 201, filed.json
        deliver_all(self.now)
        return str(filed.json["id"])

    def wait(self, minutes: int) -> None:
        """Time passes minute by minute; at each one everybody who is asked may be, and somebody is responsible."""
        for _ in range(minutes):
            self.now += MINUTE
            deliver_all(self.now)
            self.check()

    def check(self) -> None:
        for order in self.database.scalars(select(WorkOrder).execution_options(populate_existing=True)):
            responsible = crews.responsible(
                assignee_id=order.assignee_id,
                dispatcher_id=order.dispatcher_id,
                campus_id=order.campus_id,
                building_id=order.building_id,
                trade_id=order.trade_id,
                now=self.now,
            )
            assert responsible, "N1: at no time is an order without a responsible person"

    def order(self, ticket: str) -> WorkOrder:
        query = select(WorkOrder).where(WorkOrder.ticket_id == int(ticket)).execution_options(populate_existing=True)
        return self.database.scalars(query).one()

    def calls(self) -> list[DutyCall]:
        query = select(DutyCall).order_by(DutyCall.id).execution_options(populate_existing=True)
        return list(self.database.scalars(query))


@pytest.fixture
def night(client: FlaskClient, database: Session, now: datetime) -> Night:
    return Night(client, database, now)


def test_nobody_accepts_so_the_duty_lead_is_called_until_he_answers_by_name(night: Night) -> None:
    crew = [night.ground.technician() for _ in range(5)]
    ticket = night.file()
    asked = [night.order(ticket).assignee_id]
    for _ in range(2):
        night.wait(10)
        asked.append(night.order(ticket).assignee_id)
    assert night.calls() == []
    night.wait(10)
    assert len({*asked, night.order(ticket).assignee_id}) == 4, "each time the next candidate"
    (call,) = night.calls()
    assert (call.cause, call.refusals, call.times, call.called) == ("refusals", 3, 1, [night.lead.id])
    assert (told(night.lead, CALLED), mailed(night.lead, CALLED)) == (1, 1)

    night.wait(15)
    (call,) = night.calls()
    assert call.times == 4
    assert mailed(night.lead, CALLED) == 4, "another channel, every five minutes"
    assert unread(night.lead, CALLED) == 1, "the inbox holds one line that asks"
    assert night.order(ticket).assignee_id in {one.id for one in crew}, "offers go on until he acts"

    listed = night.ask(night.lead, "GET", "/duty-calls?open=1").json["items"]
    assert [(each["id"], each["times"], each["cause"]) for each in listed] == [(str(call.id), 4, "refusals")]
    answered = night.ask(night.lead, "POST", f"/duty-calls/{call.id}/answer", {})
    assert answered.status_code == 200
    assert answered.json["answered"] == {"id": str(night.lead.id), "name": "马组长"}
    again = night.ask(night.lead, "POST", f"/duty-calls/{call.id}/answer", {})
    assert again.status_code == 200, "twice is once"
    night.wait(30)
    assert mailed(night.lead, CALLED) == 4
    assert unread(night.lead, CALLED) == 0
    kinds = select(TicketEvent.kind).where(TicketEvent.kind.in_(("escalation", "call_answered")))
    assert list(night.database.scalars(kinds.order_by(TicketEvent.id))) == ["escalation", "call_answered"]
    assert night.order(ticket).dispatcher_id == night.lead.id, "he is responsible while nobody has it (N1)"


def test_each_call_goes_to_the_webhook_too_until_he_answers_by_name(night: Night) -> None:
    """38: the other channel is mail and webhook, every five minutes; the webhook names ids and counts, nobody."""
    allowed = Allowed(plain=True, networks=calling.networks(["127.0.0.0/8"]))
    with transaction():
        webhooks.create(
            actor=Actor.system(1),
            now=night.now,
            name="Duty telephone",
            url="http://127.0.0.1:9/duty",
            events=["duty.called"],
            allowed=allowed,
        )
    for _ in range(5):
        night.ground.technician()
    ticket = night.file()

    def sent() -> list[WebhookMessage]:
        return list(night.database.scalars(select(WebhookMessage).order_by(WebhookMessage.id)))

    night.wait(29)
    assert sent() == []
    night.wait(1)
    assert len(sent()) == mailed(night.lead, CALLED) == 1
    night.wait(15)
    assert len(sent()) == mailed(night.lead, CALLED) == 4
    order = night.order(ticket)
    for each in sent():
        body = json.loads(each.body)
        assert (body["type"], body["data"]["order_id"]) == ("duty.called", str(order.id))
        assert night.lead.name not in each.body
    assert night.ask(night.lead, "POST", f"/duty-calls/{night.calls()[0].id}/answer", {}).status_code == 200
    night.wait(20)
    assert len(sent()) == 4


def test_an_answer_does_not_make_the_offer_stale_for_whoever_is_asked(night: Night) -> None:
    for _ in range(5):
        night.ground.technician()
    ticket = night.file()
    night.wait(30)
    order = night.order(ticket)
    version, asked = order.version, order.assignee_id
    assert night.ask(night.lead, "POST", f"/duty-calls/{night.calls()[0].id}/answer", {}).status_code == 200
    assert night.order(ticket).version == version
    technician = night.database.get_one(Person, (1, asked))
    taken = night.ask(
        technician, "POST", f"/work-orders/{order.id}/transitions", {"to": "accepted"}, **{"If-Match": f'"v{version}"'}
    )
    assert taken.status_code == 200


def test_of_two_who_answer_the_second_learns_who_was_first(night: Night) -> None:
    for _ in range(4):
        night.ground.technician()
    night.file()
    night.wait(30)
    (call,) = night.calls()
    assert night.ask(night.ground.dispatcher, "POST", f"/duty-calls/{call.id}/answer", {}).status_code == 200
    late = night.ask(night.lead, "POST", f"/duty-calls/{call.id}/answer", {})
    assert late.status_code == 409
    assert late.json["detail"] == "王调度 has taken it on already."
    nobody = night.ask(night.ground.student, "POST", f"/duty-calls/{call.id}/answer", {})
    assert nobody.status_code == 404


def test_a_call_counts_its_versions(night: Night) -> None:
    for _ in range(4):
        night.ground.technician()
    night.file()
    night.wait(30)
    (call,) = night.calls()
    path = f"/duty-calls/{call.id}"
    shown = night.ask(night.lead, "GET", path)
    tag = shown.headers["ETag"]
    times = shown.json["times"]
    assert (tag, shown.json["version"]) == (f'"v{times}"', times)
    night.wait(5)
    again = night.ask(night.lead, "GET", path).headers["ETag"]
    assert again == f'"v{times + 1}"', "called once more"
    stale = night.ask(night.lead, "POST", f"{path}/answer", {}, **{"If-Match": tag})
    assert stale.status_code == 412
    assert stale.json["current"] == {"state": "open", "assignee": None, "version": times + 1}
    taken = night.ask(night.ground.dispatcher, "POST", f"{path}/answer", {}, **{"If-Match": again})
    assert (taken.status_code, taken.headers["ETag"]) == (200, f'"v{times + 2}"')
    late = night.ask(night.lead, "POST", f"{path}/answer", {}, **{"If-Match": again})
    who = {"id": str(night.ground.dispatcher.id), "name": "王调度"}
    assert late.status_code == 412
    assert late.json["current"] == {"state": "answered", "assignee": who, "version": times + 2}


def test_whoever_accepts_ends_the_calls(night: Night) -> None:
    for _ in range(4):
        night.ground.technician()
    ticket = night.file()
    night.wait(31)
    order = night.order(ticket)
    technician = night.database.get_one(Person, (1, order.assignee_id))
    path, seen = f"/work-orders/{order.id}/transitions", {"If-Match": f'"v{order.version}"'}
    assert night.ask(technician, "POST", path, {"to": "accepted"}, **seen).status_code == 200
    sent = mailed(night.lead, CALLED)
    night.wait(20)
    assert mailed(night.lead, CALLED) == sent
    (call,) = night.calls()
    assert (call.ended_as, call.answered_by) == ("over", None)
    assert night.ask(night.lead, "POST", f"/duty-calls/{call.id}/answer", {}).status_code == 409


def test_a_dripping_tap_with_nobody_on_shift_waits_quietly_for_the_morning(night: Night) -> None:
    """39: not at night for a dripping tap; tried again by itself when a shift begins."""
    person = night.ground.technician(on_shift=False)
    night.database.add(
        Shift(
            person_id=person.id,
            weekday=(night.now + timedelta(hours=11)).weekday(),
            starts=(night.now + timedelta(hours=11)).time(),
            ends=(night.now + timedelta(hours=19)).time(),
        )
    )
    night.database.flush()
    ticket = night.file()
    assert (night.order(ticket).state, night.order(ticket).waiting) == ("queued", "nobody_eligible")
    night.wait(60)
    assert night.calls() == []
    assert told(night.lead, CALLED) == 0


def test_an_emergency_nobody_can_take_calls_at_once(night: Night) -> None:
    burst = make.category("burst", night.ground.trade, "爆管", "Burst pipe", emergency=True, impact="building")
    ticket = night.file(category=burst.code, urgency="emergency")
    assert night.order(ticket).priority == "emergency"
    (call,) = night.calls()
    assert (call.cause, call.times) == ("nobody", 1)
    assert mailed(night.lead, CALLED) == 1


def test_an_emergency_calls_after_the_first_refusal_and_asks_those_on_call(night: Night) -> None:
    burst = make.category("burst", night.ground.trade, "爆管", "Burst pipe", emergency=True, impact="building")
    people = [night.ground.technician(on_shift=False) for _ in range(2)]
    for person in people:
        for day in range(7):
            midnight = datetime.min.time()
            shift = Shift(person_id=person.id, weekday=day, starts=midnight, ends=midnight, kind="on_call")
            night.database.add(shift)
    night.database.flush()
    ticket = night.file(category=burst.code, urgency="emergency")
    first = night.order(ticket).assignee_id
    assert first in {one.id for one in people}
    night.wait(3)
    assert night.order(ticket).assignee_id not in {None, first}
    (call,) = night.calls()
    assert (call.cause, call.refusals) == ("refusals", 1)


def test_where_nobody_leads_the_fallback_role_of_the_place_is_called(night: Night) -> None:
    night.database.query(DutyRoster).delete()
    far = make.place("campus", "北校区")
    elsewhere = accounts.person("dispatcher", scope_kind="campus", scope_id=far.id)
    here = night.ground.dispatcher
    for _ in range(4):
        night.ground.technician()
    night.file()
    night.wait(30)
    (call,) = night.calls()
    assert call.called == [here.id]
    assert elsewhere.id not in call.called


def test_a_lead_who_is_away_is_not_called(night: Night) -> None:
    night.database.add(
        Absence(person_id=night.lead.id, starts_at=night.now - MINUTE, ends_at=night.now + timedelta(hours=9))
    )
    night.database.flush()
    leads = crews.duty_leads(campus_id=None, trade_id=night.ground.trade.id, now=night.now)
    assert leads == (night.ground.dispatcher.id,)


def test_the_dispatch_clock_calls_shortly_before_its_due(night: Night, app: Any) -> None:
    """The seam of the clocks: 10 minutes before the dispatch is due (38), once."""
    night.ground.technician()
    order_id = night.order(night.file()).id
    system = make.actor(night.ground.dispatcher)
    assert duty_calls.call_before_due(actor=system, now=night.now, order_id=order_id)
    assert not duty_calls.call_before_due(actor=system, now=night.now, order_id=order_id)
    assert [call.cause for call in night.calls()] == ["due_soon"]


def test_the_page_of_a_call(night: Night, login: Callable[..., FlaskClient]) -> None:
    for _ in range(4):
        night.ground.technician()
    night.file()
    night.wait(30)
    (call,) = night.calls()
    with clock.frozen(night.now):
        browser = login(night.lead)
        browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        shown = browser.get("/duty-calls").get_data(as_text=True)
        assert f'href="/duty-calls/{call.id}"' in shown
        entry = shown[shown.index('href="/duty-calls"') :]
        assert ">1<" in entry[: entry.index("</a>")], "how many wait stands beside the entry of the navigation"
        page = browser.get(f"/duty-calls/{call.id}").get_data(as_text=True)
        assert "I take it on" in page
        assert "马组长" in page
        assert "The duty lead is called" in browser.get(f"/dispatch/{call.order_id}").get_data(as_text=True)
        answer = browser.post(f"/duty-calls/{call.id}/answer")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/dispatch/{call.order_id}")
        assert "Taken on by 马组长" in browser.get(f"/dispatch/{call.order_id}").get_data(as_text=True)
        shown = browser.get("/duty-calls").get_data(as_text=True)
        assert "No call waits for an answer." in shown
        entry = shown[shown.index('href="/duty-calls"') :]
        assert ">1<" not in entry[: entry.index("</a>")]
        assert "answered by 马组长" in browser.get("/duty-calls?all=1").get_data(as_text=True)


class TestCalledAnew:
    """38: whoever waits for somebody again is called for again."""

    def refused(self, night: Night) -> tuple[str, WorkOrder]:
        factory = make.category("burst", night.ground.trade, "爆管", "Burst", emergency=True)
        assert factory.emergency
        crew = {one.id: one for one in (night.ground.technician(), night.ground.technician())}
        ticket = night.file(category="burst")
        order = night.order(ticket)
        self.decline(night, crew[order.assignee_id or 0], order)
        assert [each.ended_as for each in night.calls()] == [None]
        return ticket, night.order(ticket)

    def decline(self, night: Night, who: Person, order: WorkOrder) -> None:
        path = f"/work-orders/{order.id}/transitions"
        body = {"to": "declined", "reason": "busy"}
        answer = night.ask(who, "POST", path, body, **{"If-Match": "*"})
        assert answer.status_code == 200, answer.json
        deliver_all(night.now)

    def test_after_a_question_rules_38_39(self, night: Night) -> None:
        ticket, _order = self.refused(night)
        path = f"/tickets/{ticket}/transitions"
        asked = night.ask(night.ground.dispatcher, "POST", path, {"act": "ask", "note": "几楼？"}, **{"If-Match": "*"})
        assert asked.status_code == 200, asked.json
        night.wait(6)
        assert [each.ended_as for each in night.calls()] == ["over"]
        assert night.order(ticket).lead_called_at is None
        night.ask(night.ground.student, "POST", path, {"act": "answer", "note": "四楼"}, **{"If-Match": "*"})
        deliver_all(night.now)
        assert night.order(ticket).state in ("queued", "offered")
        assert [each.ended_as for each in night.calls()] == ["over", None], "somebody is called again"

    def test_after_a_hold_rule_38(self, night: Night) -> None:
        ticket, _order = self.refused(night)
        night.wait(3)
        night.wait(3)  # both have been asked in vain
        order = night.order(ticket)
        assert order.state == "queued"
        held = orders.transition(
            actor=accounts.actor(night.ground.dispatcher),
            now=night.now,
            order_id=order.id,
            to="on_hold",
            reason="weather",
            until=night.now + timedelta(hours=1),
            seen=None,
        )
        assert held.state == "on_hold"
        night.wait(61)
        assert night.order(ticket).state in ("queued", "offered")
        assert [each.ended_as for each in night.calls()] == ["over", None]
