"""The board: columns, what is due first, a bar instead of jumps, and many orders at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.tickets.models import WorkOrder
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as factory


def states(database: Session) -> dict[int, str]:
    database.expire_all()
    return {row.id: row.state for row in database.execute(select(WorkOrder.id, WorkOrder.state))}


def test_columns_show_what_is_due_first(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    now = clock.now()
    first, second, third = (ground.file() for _each in range(3))
    for filed, minutes in ((first, 300), (second, 30), (third, -20)):
        database.execute(
            update(WorkOrder).where(WorkOrder.id == filed.order_id).values(due_at=now + timedelta(minutes=minutes))
        )
    ground.file(place_text="Building 9, room 999")
    login(ground.dispatcher)
    page = client.get("/dispatch/board?lang=en").text
    numbers = {row.id: row.number for row in database.execute(select(WorkOrder.id, WorkOrder.number))}
    at = [page.index(numbers[filed.order_id]) for filed in (third, second, first)]
    assert at == sorted(at)
    assert "slip--late" in page
    assert "slip--soon" in page
    assert page.count("data-column") == 5


def test_nothing_moves_until_the_bar_is_used(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    ground.file()
    login(ground.dispatcher)
    page = client.get("/dispatch/board").text
    seen = page.split("seen=")[1].split("&")[0]
    newest = page.split("newest=")[1].split('"')[0].split("&")[0]
    assert client.get(f"/dispatch/board/news?seen={seen}&newest={newest}").status_code == 204
    ground.file()
    ground.file()
    answer = client.get(f"/dispatch/board/news?seen={seen}&newest={newest}")
    assert answer.status_code == 200
    assert "2 " in answer.text
    again = client.get(f"/dispatch/board/news?newest={newest}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/dispatch/board/news?newest=x").status_code == 200


def test_the_board_costs_a_constant_number_of_statements(
    client: FlaskClient, login: Any, ground: factory.Ground
) -> None:
    ground.file()
    login(ground.dispatcher)
    client.get("/dispatch/board")
    with counted() as few:
        client.get("/dispatch/board")
    for _each in range(6):
        ground.file()
    with counted() as more:
        client.get("/dispatch/board")
    assert len(more) == len(few)


def test_many_at_once_each_by_itself(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    ground.technician(cap=2)
    filed = [ground.file() for _each in range(3)]
    items = [{"id": str(each.order_id), "version": 1} for each in filed]
    items[1]["version"] = 7
    items.append({"id": "999999", "version": 1})
    answer = client.post(
        "/api/v1/work-orders/bulk",
        json={"action": "auto", "items": items},
        headers=accounts.token(ground.dispatcher),
    )
    assert answer.status_code == 207
    outcome = [(each["id"], each["status"]) for each in answer.json["items"]]
    assert outcome == [(items[0]["id"], 200), (items[1]["id"], 412), (items[2]["id"], 200), ("999999", 404)]
    assert answer.json["items"][1]["current"]["state"] == "queued"
    found = states(database)
    assert [found[each.order_id or 0] for each in filed] == ["offered", "queued", "offered"]


def test_what_bulk_refuses(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    filed = ground.file()
    item = {"id": str(filed.order_id), "version": 1}
    headers = accounts.token(ground.dispatcher)

    def send(**body: Any) -> Any:
        return client.post("/api/v1/work-orders/bulk", json=body, headers=headers)

    assert send(action="burn", items=[item]).status_code == 422
    assert send(action="auto", items=[]).status_code == 422
    many = send(action="auto", items=[item] * 101)
    assert many.status_code == 202, "over 100 are a run (contract)"
    assert send(action="auto", items=[item] * 5001).status_code == 422
    assert send(action="assign", items=[item]).status_code == 422
    no_reason = send(action="cancel", items=[item])
    assert (no_reason.status_code, no_reason.json["items"][0]["status"]) == (207, 422)
    assert no_reason.json["items"][0]["detail"]
    pooled = send(action="pool", items=[item])
    assert pooled.json["items"][0]["status"] == 200
    assert states(database)[filed.order_id or 0] == "queued"
    own = client.post(
        "/api/v1/work-orders/bulk", json={"action": "auto", "items": [item]}, headers=accounts.token(ground.student)
    )
    assert own.status_code == 403


def test_the_pages_bulk_says_what_was_refused(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    ground.technician()
    first, second = ground.file(), ground.file()
    login(ground.dispatcher)
    answer = client.post(
        "/dispatch/bulk",
        data={"action": "auto", "item": [f"{first.order_id}:1", f"{second.order_id}:9", "nonsense"]},
        follow_redirects=True,
    )
    assert answer.status_code == 200
    number = database.scalar(select(WorkOrder.number).where(WorkOrder.id == second.order_id))
    assert f"{number}" in answer.text
    assert states(database)[first.order_id or 0] == "offered"
    for data in (
        {"action": "auto"},
        {"action": "x", "item": "1:1"},
        {"action": "assign", "item": f"{second.order_id}:1"},
    ):
        assert client.post("/dispatch/bulk", data=data).status_code == 303
    assert states(database)[second.order_id or 0] == "queued"


def test_refusals_stand_together_by_their_reason(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    filed = [ground.file() for _each in range(8)]
    login(ground.dispatcher)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    items = [f"{each.order_id}:{9 if at else 1}" for at, each in enumerate(filed)]
    answer = client.post("/dispatch/bulk", data={"action": "pool", "item": items}, follow_redirects=True)
    toasts = answer.text.split('id="toasts"')[1].split("</main>")[0]
    assert "1 order done" in toasts
    assert "7 orders were refused" in toasts
    numbers = database.scalars(
        select(WorkOrder.number).where(WorkOrder.id.in_([each.order_id for each in filed[1:]])).order_by(WorkOrder.id)
    )
    assert f"{', '.join(numbers)}: " in toasts
