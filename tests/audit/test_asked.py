"""The log is asked for a thing by its id or the number people know it by; what has a history of its own is said so."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.audit import services
from app.imports.models import ImportBatch
from app.imports.services import life
from app.tickets.models import WorkOrder
from tests.audit.test_log import NOW, SYSTEM, write
from tests.factories import accounts, tickets


def test_the_log_is_asked_for_an_object_on_the_page(database: Session, client: FlaskClient) -> None:
    write(object_id=7)
    page = accounts.sign_in(client, accounts.person("admin", locale="en")).get("/audit").text
    assert 'name="object_kind"' in page
    assert 'name="object"' in page
    narrowed = client.get("/audit?object_kind=person&object_id=7&verb=&actor=").text
    assert '<option value="person" selected>' in narrowed
    assert client.get("/audit?object_kind=gone").status_code == 200


def shown_of(client: FlaskClient, query: str) -> list[str]:
    """The objects of the entries a query shows, as the page calls them."""
    answer = client.get("/audit", query_string=query)
    assert answer.status_code == 200
    body = answer.text.partition("<tbody")[2].partition("</tbody")[0]
    cells = [row.split("<td")[4].partition(">")[2] for row in body.split("<tr")[1:]]
    return [re.sub(r"<.*?>", "", cell).strip() for cell in cells]


def test_the_log_is_asked_by_the_numbers_people_know(database: Session, client: FlaskClient) -> None:
    ticket = tickets.Ground().file()
    order = database.scalars(select(WorkOrder).where(WorkOrder.ticket_id == ticket.id)).one()
    student = accounts.person("student", name="王一", username="wang.one")
    accounts.number(student, "2026000001")
    batch = ImportBatch(kind="places", state="uploaded", source="web", filename="a.csv", size=1, uploaded_at=NOW)
    database.add(batch)
    database.flush()
    about = {
        "ticket": (ticket.id, f"Request {ticket.number}"),
        "work_order": (order.id, f"Work order {order.number}"),
        "person": (student.id, "Person 王一"),
        "import": (batch.id, f"Import {life.number(batch.id)}"),
    }
    for kind, (number, _called) in about.items():
        services.record(SYSTEM, "person.edit", kind, number, now=NOW)
        services.record(SYSTEM, "person.edit", kind, number + 1_000_000, now=NOW)
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    for typed, kind in (
        (ticket.number, "ticket"),
        (ticket.number.lower().replace("-", ""), "ticket"),
        (order.number, "work_order"),
        ("2026000001", "person"),
        ("WANG.one", "person"),
        (life.number(batch.id), "import"),
        (f"i{batch.id}", "import"),
    ):
        assert shown_of(client, f"object={typed}") == [about[kind][1]], typed
        assert shown_of(client, f"object={typed}&object_kind={kind}") == [about[kind][1]], typed
        assert shown_of(client, f"object={typed}&object_kind=crew") == [], typed
    assert about["person"][1] in shown_of(client, f"object={student.id}"), "an id is one as before"
    for nothing in ("R26-999999", "nobody", "I-0", "%25", "R26"):
        assert shown_of(client, f"object={nothing}") == [], nothing
    assert 'value="2026000001"' in client.get("/audit?object=2026000001").text
    with client.get(f"/audit.csv?object={ticket.number}") as file:
        assert file.text.count("person.edit") == 1


@pytest.mark.parametrize(
    ("locale", "said", "opens"),
    [
        ("en", "What was done on {0} stands in its own history, not in this log.", "Open {0}"),
        ("zh-CN", "对 {0} 所做的操作记在它自己的历史里，不在本日志中。", "打开 {0}"),
    ],
)
def test_who_looks_for_a_request_or_an_order_is_sent_to_its_own_history(
    database: Session, client: FlaskClient, locale: str, said: str, opens: str
) -> None:
    ticket = tickets.Ground().file()
    order = database.scalars(select(WorkOrder).where(WorkOrder.ticket_id == ticket.id)).one()
    reader = accounts.person("admin", locale=locale)
    accounts.sign_in(client, reader)
    for number in (ticket.number, order.number):
        page = client.get(f"/audit?object={number.lower()}").text
        assert said.format(number) in page
        assert f'<a class="a" href="/tickets/{ticket.id}">{opens.format(number)}</a>' in page
    services.record(SYSTEM, "order.code", "work_order", order.id, now=NOW, success=False)
    page = client.get(f"/audit?object={order.number}").text
    assert said.format(order.number) in page, "beside what the log has, too"
    assert page.count("<tr") == 2
    assert "</option>" in page
    assert '<option value="ticket"' not in page
    assert '<option value="work_order"' in page
    assert said.format("") not in client.get("/audit?object=nobody").text


def test_the_way_to_a_history_is_shown_to_whoever_may_open_it(database: Session, client: FlaskClient) -> None:
    ticket = tickets.Ground().file()
    auditor = accounts.person(locale="en")
    database.add(Role(code="auditor", name={"en": "Auditor"}, permissions=["audit.read"], staff=True))
    database.flush()
    accounts.grant(auditor, "auditor")
    page = accounts.sign_in(client, auditor).get(f"/audit?object={ticket.number}").text
    assert f"What was done on {ticket.number} stands in its own history" in page
    assert f"/tickets/{ticket.id}" not in page
