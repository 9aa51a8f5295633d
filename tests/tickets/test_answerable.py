"""Who answers for an order is named on its page while nobody holds it (tickets-rules N1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock
from app.tickets.models import DutyRoster, WorkOrder
from app.tickets.queries import answerable, orders
from app.tickets.rules.workflow import OrderAct
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, filed, offered

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def lead(now: datetime, database: Session) -> Person:
    person = accounts.person("dutylead", name="马组长")
    database.add(DutyRoster(person_id=person.id, starts_at=now - timedelta(days=1)))
    database.flush()
    return person


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path, headers=ENGLISH)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def names(ground: make.Ground, order_id: int) -> list[str]:
    row = orders.one(make.actor(ground.dispatcher), order_id)
    return [each.name for each in answerable.people(row, clock.now())]


def test_the_order_names_the_duty_lead_while_nobody_has_it(
    ground: make.Ground, now: datetime, desk: FlaskClient, lead: Person
) -> None:
    waiting = filed(ground)
    assert f"Responsible now: {lead.name}" in text(desk, f"/dispatch/{waiting}")
    technician = ground.technician()
    order_id = offered(ground, now)
    page = text(desk, f"/dispatch/{order_id}")
    assert f"Offered to {technician.name}" in page
    assert "Responsible now" not in page, "who is asked, or holds it, is named already"


def test_its_dispatcher_comes_before_the_duty_lead(
    ground: make.Ground, desk: FlaskClient, lead: Person, database: Session
) -> None:
    order_id = filed(ground)
    order = database.get_one(WorkOrder, (1, order_id))
    order.dispatcher_id = ground.dispatcher.id
    database.flush()
    page = text(desk, f"/dispatch/{order_id}")
    assert f"Responsible now: {ground.dispatcher.name}" in page
    assert lead.name not in page


def test_without_a_duty_lead_all_of_the_fallback_role_are_named(ground: make.Ground, desk: FlaskClient) -> None:
    other = accounts.person("dispatcher", name="乙调度")
    order_id = filed(ground)
    assert names(ground, order_id) == [ground.dispatcher.name, other.name]
    assert f"Responsible now: {ground.dispatcher.name}, {other.name}" in text(desk, f"/dispatch/{order_id}")


def test_a_technician_reads_who_has_what_he_gave_back(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient], lead: Person
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    client = login(technician)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    assert "Responsible now" not in text(client, f"/crew/{order_id}")
    do(technician, order_id, OrderAct.GIVE_BACK, now=now, reason="no_time")
    assert f"Responsible now: {lead.name}" in text(client, f"/crew/{order_id}")


def test_nobody_answers_for_what_is_over(ground: make.Ground, now: datetime, desk: FlaskClient, lead: Person) -> None:
    order_id = filed(ground)
    do(ground.dispatcher, order_id, OrderAct.CANCEL, now=now, reason="by_mistake")
    assert names(ground, order_id) == []
    assert "Responsible now" not in text(desk, f"/dispatch/{order_id}")


def test_naming_them_takes_the_same_few_statements(ground: make.Ground, now: datetime, lead: Person) -> None:
    order_id = filed(ground)
    row = orders.one(make.actor(ground.dispatcher), order_id)
    with counted() as statements:
        answerable.people(row, now)
    assert len(statements) <= 3


def test_the_api_names_them(ground: make.Ground, now: datetime, client: FlaskClient, lead: Person) -> None:
    waiting = filed(ground)
    technician = ground.technician()
    order_id = offered(ground, now)
    headers = {**accounts.token(ground.dispatcher), **ENGLISH}

    def said(wanted: int) -> list[dict[str, str]]:
        answer = client.get(f"/api/v1/work-orders/{wanted}", headers=headers)
        assert answer.status_code == 200, answer.json
        found: list[dict[str, str]] = answer.json["responsible"]
        return found

    assert said(waiting) == [{"id": str(lead.id), "name": lead.name}]
    assert said(order_id) == [{"id": str(technician.id), "name": technician.name}]
    do(ground.dispatcher, waiting, OrderAct.CANCEL, now=now, reason="by_mistake")
    assert said(waiting) == []
