"""The time of a page's device: corrected by its offset, bounded by the server's contacts, flagged (tickets-rules 11).

Scenario 5 of handbook/tickets.md through HTTP: a clock three hours fast or slow shows true times and gains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.tickets import device
from app.tickets.models import Clock, TicketEvent, WorkOrder
from app.tickets.rules.workflow import OrderAct
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import do, offered

pytestmark = pytest.mark.usefixtures("frozen")
Login = Callable[..., FlaskClient]
HOURS = timedelta(hours=3)
MINUTE = timedelta(minutes=1)


def event(database: Session, kind: str) -> TicketEvent:
    database.expire_all()
    return database.scalars(select(TicketEvent).where(TicketEvent.kind == kind).order_by(TicketEvent.id.desc())).first()


def post(client: FlaskClient, database: Session, order_id: int, act: str, **fields: object) -> int:
    version = database.scalar(select(WorkOrder.version).where(WorkOrder.id == order_id))
    return client.post(f"/crew/{order_id}/{act}", data={"version": version, **fields}).status_code


def test_a_clock_three_hours_fast_is_corrected_flagged_and_gains_nothing(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    client = login(technician)
    tapped = now + 20 * MINUTE
    with clock.frozen(tapped + MINUTE):  # the lift has no signal: what was tapped comes a minute later
        sent = {"device_at": (tapped + HOURS).isoformat(), "device_offset_s": f"{-HOURS.total_seconds()}"}
        assert post(client, database, order_id, "start", **sent) == 303
    began = event(database, "start")
    assert (began.at, began.effective_at, began.device_at) == (tapped + MINUTE, tapped, tapped + HOURS)
    assert began.data == {"corrected": True}
    arrive = database.scalars(select(Clock).where(Clock.kind == "arrive")).one()
    assert arrive.stopped_at == tapped
    with clock.frozen(tapped + 5 * MINUTE):  # without an offset: no later than the server's own time
        sent = {"device_at": (tapped + 5 * MINUTE + HOURS).isoformat(), "done_note": "New seal"}
        assert post(client, database, order_id, "done", **sent) == 303
    done = event(database, "done")
    assert (done.effective_at, done.data) == (tapped + 5 * MINUTE, {"corrected": True})
    # the flag is for the desk to see, on the page and over the API
    ticket = f"/tickets/{began.ticket_id}"
    told = client.get(f"/api/v1{ticket}/events", headers=accounts.token(ground.dispatcher)).json["items"]
    assert {each["kind"]: each["corrected"] for each in told if each["order_id"]}.items() >= {
        "offer": False, "accept": False, "start": True, "done": True,
    }.items()  # fmt: skip
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    said = "The clock of the phone was wrong"
    assert login(ground.dispatcher).get(ticket).text.count(said) == 2
    assert said not in login(ground.student).get(ticket).text


def test_a_repeat_that_says_another_time_is_the_same_act(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    """A page that is gone back to carries its key once more, and the time of its second sending."""
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    client = login(technician)
    version = database.scalar(select(WorkOrder.version).where(WorkOrder.id == order_id))
    answers = []
    for minutes in (1, 2):
        at = now + minutes * MINUTE
        with clock.frozen(at):
            sent = {"device_at": at.isoformat(), "device_offset_s": f"{minutes}.000", "contact": device.contact(at)}
            assert sent.keys() == device.DeviceFields().fields.keys()
            data = {"version": version, "idempotency_key": "k", **sent}
            answers.append(client.post(f"/crew/{order_id}/start", data=data))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[1].headers["Idempotent-Replay"] == "true"
    assert event(database, "start").device_at == now + MINUTE


def test_a_clock_set_back_gains_nothing_before_the_last_contact(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    client = login(technician)
    with clock.frozen(now + 40 * MINUTE):
        page = client.get(f"/crew/{order_id}").get_data(as_text=True)
    contact = re.search(r'name="contact" content="([^"]+)"', page)[1]
    with clock.frozen(now + 41 * MINUTE):
        sent = {"device_at": (now + 41 * MINUTE - HOURS).isoformat(), "device_offset_s": "0", "contact": contact}
        assert post(client, database, order_id, "start", **sent) == 303
    assert event(database, "start").effective_at == now + 40 * MINUTE
    with clock.frozen(now + 50 * MINUTE):  # no contact named: never before the order's last event, no negative stay
        sent = {"device_at": (now - HOURS).isoformat(), "done_note": "New seal", "contact": "forged"}
        assert post(client, database, order_id, "done", **sent) == 303
    done = event(database, "done")
    assert done.effective_at == now + 40 * MINUTE
    assert done.data == {"corrected": True}


def test_a_contact_counts_only_as_this_server_signed_it(ground: make.Ground, now: datetime) -> None:
    signed = device.contact(now)
    assert device.heard(signed, now) == now
    assert device.heard(signed, now - MINUTE) is None  # of the future
    assert device.heard(f"{signed}x", now) is None
    assert device.heard("", now) is None


def test_a_time_that_cannot_be_read_is_said(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    client = login(technician)
    for wrong in ("yesterday", "9999-12-31T23:59:59Z", "2026-11-18T10:00:00"):
        assert post(client, database, order_id, "start", device_at=wrong) == 422
    assert post(client, database, order_id, "start", device_at=now.isoformat(), device_offset_s="nan") == 422
    assert post(client, database, order_id, "start", device_at=now.isoformat(), device_offset_s="1e300") == 303


@pytest.mark.parametrize("kind", ["crew", "dispatch"])
def test_a_check_says_whether_it_would_be_done_and_does_nothing(
    kind: str, ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    act = "done" if kind == "crew" else "cancel"
    client = login(technician if kind == "crew" else ground.dispatcher)
    before = database.execute(select(WorkOrder.state, WorkOrder.version)).one()
    right = {"version": before.version, "done_note": "New seal", "cancel_reason": "not_needed"}

    def check(**changed: object) -> int:
        return client.post(f"/{kind}/{order_id}/{act}/check", data={**right, **changed}).status_code

    assert check() == 204
    assert check(done_note=" ", cancel_reason="") == 422
    assert check(version=1) == 412
    assert client.post(f"/{kind}/{order_id}/nonsense/check", data=right).status_code == 404
    database.expire_all()
    assert database.execute(select(WorkOrder.state, WorkOrder.version)).one() == before
    stranger = login(accounts.person("student"))
    assert stranger.post(f"/{kind}/{order_id}/{act}/check", data=right).status_code == 403
