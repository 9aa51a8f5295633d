"""What the holder lacks to go on: parts by name and number, a second man for a reason of the list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tickets.models import TicketEvent, WorkOrder
from app.tickets.rules import needs
from app.tickets.rules.needs import Part, read_parts
from app.tickets.rules.workflow import OrderAct
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, offered
from tests.tickets.calling import Caller

Login = Callable[..., FlaskClient]


def test_parts_are_read_as_they_are_written() -> None:
    assert read_parts("角阀 2\n  生料带\nhose x 3\nM8 bolt×10\n\n500 mm pipe") == (
        Part("角阀", 2), Part("生料带", 1), Part("hose", 3), Part("M8 bolt", 10), Part("500 mm pipe", 1),
    )  # fmt: skip
    assert read_parts("7") == (Part("7", 1),)
    assert read_parts("valve 0") == (Part("valve", 1),)


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    found = read_parts(text)
    assert len(found) <= needs.PARTS_AT_MOST
    assert all(part.name and 1 <= part.quantity <= needs.QUANTITY_AT_MOST for part in found)


@pytest.mark.usefixtures("frozen")
def test_a_hold_names_the_parts_and_a_helper_is_asked_for_with_a_reason(
    now: datetime, database: Session, login: Login
) -> None:
    ground = make.Ground()
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    client = login(technician)
    version = database.scalar(select(WorkOrder.version))
    sent = {"version": version, "hold_reason": "parts", "hold_until": "2026-11-24T08:00", "hold_parts": "x\n" * 21}
    refused = client.post(f"/crew/{order_id}/hold", data=sent, headers=ENGLISH)
    assert refused.status_code == 422
    assert "Name at most 20 parts" in refused.get_data(as_text=True)
    assert client.post(f"/crew/{order_id}/hold", data={**sent, "hold_parts": "角阀 2"}).status_code == 303
    held = database.scalars(select(TicketEvent).where(TicketEvent.kind == "hold")).one()
    assert held.data == {"parts": [{"name": "角阀", "quantity": 2}]}
    shown = client.get(f"/api/v1/work-orders/{order_id}", headers=accounts.token(technician)).json
    assert shown["parts"] == [{"name": "角阀", "quantity": 2}]
    assert (shown["after_id"], shown["proposed_by"], shown["help_asked_at"]) == (None, None, None)
    assert client.post(f"/crew/{order_id}/help", data={"reason": "lonely"}).status_code == 422
    assert client.post(f"/crew/{order_id}/help", data={"reason": "heavy"}).status_code == 303
    for who, path in ((technician, f"/crew/{order_id}"), (ground.dispatcher, f"/dispatch/{order_id}")):
        assert "角阀 × 2" in login(who).get(path).get_data(as_text=True)
    assert "Too heavy for one" in client.get(f"/dispatch/{order_id}", headers=ENGLISH).get_data(as_text=True)
    version = database.scalar(select(WorkOrder.version))
    head = {**accounts.token(technician), "If-Match": f'"v{version}"'}
    do(technician, order_id, OrderAct.START, now=now)
    head["If-Match"] = f'"v{version + 1}"'
    body = {"to": "on_hold", "reason": "parts", "until": "2026-11-24T08:00:00Z", "parts": [{"name": "hose"}]}
    answer = client.post(f"/api/v1/work-orders/{order_id}/transitions", json=body, headers=head)
    assert answer.status_code == 200


@pytest.mark.usefixtures("frozen")
def test_the_history_names_the_parts_and_the_api_what_an_order_waits_for(
    now: datetime, client: FlaskClient, login: Login
) -> None:
    ground = make.Ground()
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    worker, desk = Caller(client, technician), Caller(client, ground.dispatcher)
    order = worker.get(f"/work-orders/{order_id}").json
    hold = {"to": "on_hold", "reason": "parts", "until": "2026-11-24T08:00:00Z", "parts": [{"name": "角阀"}]}
    held = worker.post(f"/work-orders/{order_id}/transitions", hold, seen=order["version"])
    assert held.json["parts"] == [{"name": "角阀", "quantity": 1}]
    asked = {"trade": order["trade"], "after": str(order_id), "reason": "补墙"}
    proposed = worker.post(f"/tickets/{order['ticket_id']}/work-orders", asked)
    assert proposed.status_code == 201, proposed.json
    assert (proposed.json["after_id"], proposed.json["proposed_by"]) == (str(order_id), str(technician.id))
    page = login(ground.dispatcher).get(f"/tickets/{order['ticket_id']}", headers=ENGLISH).text
    assert "Missing: 角阀 × 1" in page
    working = worker.post(f"/work-orders/{order_id}/transitions", {"to": "working"}, seen=held.json["version"])
    assert (working.status_code, working.json["parts"]) == (200, []), "what it no longer waits for is not asked for"
    assert desk.get(f"/work-orders/{proposed.json['id']}").json["state"] == "planned"
