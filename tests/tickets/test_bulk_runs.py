"""One act on more orders than a request does: asked once more, done in the background, accounted for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core import clock, i18n
from app.core.errors import Conflict, Rejected
from app.core.words import text
from app.notifications import rendering
from app.notifications.models import Notification
from app.tickets.models import BulkItem, BulkRun, WorkOrder
from app.tickets.queries.dispatch_list import Wanted
from app.tickets.services import bulk, bulk_runs
from app.tickets.services.bulk import BulkAction, Item, Task
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.at_work import ENGLISH
from tests.tickets.delivering import deliver_all

URL = "/api/v1/work-orders/bulk-runs"


def work(run_id: int, person: Any) -> int:
    """What the job does; returns how many steps it took."""
    steps: list[int] = []
    bulk_runs.work(
        run_id, lambda: steps.append(1), actor=accounts.actor(person), words=lambda error: {"en": error.code}
    )
    return len(steps)


def outcomes(database: Session, run_id: int) -> dict[int, tuple[str | None, str | None]]:
    database.expire_all()
    rows = database.scalars(select(BulkItem).where(BulkItem.run_id == run_id))
    return {row.order_id: (row.outcome, text(row.why, "en") or None) for row in rows}


def test_a_run_accounts_for_every_order(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    filed = [ground.file() for _each in range(4)]
    ids = [each.order_id or 0 for each in filed]
    headers = {**accounts.token(ground.dispatcher), **ENGLISH}
    asked = {"action": "pool", "items": [{"id": str(each), "version": 1} for each in [*ids, 999_999]]}
    made = client.post(URL, json=asked, headers=headers)
    assert (made.status_code, made.json["total"], made.json["done"]) == (202, 4, 0)
    run_id = int(made.json["id"])
    database.execute(update(WorkOrder).where(WorkOrder.id == ids[1]).values(version=5))
    assert work(run_id, ground.dispatcher) == 4
    found = outcomes(database, run_id)
    assert [found[each] for each in ids] == [("done", None), ("refused", "stale"), ("done", None), ("done", None)]
    over = client.get(f"{URL}/{run_id}", headers=headers).json
    assert (over["done"], over["refused"], over["stopped_at"]) == (3, 1, None)
    assert over["ended_at"] is not None
    refused = client.get(f"{URL}/{run_id}/refused", headers=headers).json["items"]
    assert [each["id"] for each in refused] == [str(ids[1])]
    database.execute(update(BulkItem).where(BulkItem.run_id == run_id).values(outcome="refused", why={"en": "x"}))
    pages, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{URL}/{run_id}/refused?limit=1{cursor}", headers=headers).json
        pages.append([each["id"] for each in page["items"]])
        cursor = page["next"] and f"&cursor={page['next']}"
    assert pages == [[str(each)] for each in ids], "every one of them, page by page"
    assert client.get(f"{URL}/{run_id}/refused?limit=0", headers=headers).status_code == 422
    assert client.get(URL, headers=headers).json["items"][0]["id"] == str(run_id)
    other = accounts.token(accounts.person("dispatcher"))
    assert client.get(f"{URL}/{run_id}", headers=other).status_code == 404
    assert client.post(f"{URL}/{run_id}/stop", json={}, headers=other).status_code == 404
    assert client.get(URL, headers=other).json["items"] == []


def test_all_that_match_are_those_of_that_moment(ground: factory.Ground, database: Session) -> None:
    me = accounts.actor(ground.dispatcher)
    first, second = ground.file(), ground.file()
    database.execute(update(WorkOrder).where(WorkOrder.id == second.order_id).values(priority="high"))
    task = Task(action=BulkAction.CANCEL, reason="not_needed")
    run = bulk_runs.order(actor=me, now=clock.now(), task=task, view="queued", wanted=Wanted(priority="high"))
    ground.file()
    work(run.id, ground.dispatcher)
    assert set(outcomes(database, run.id)) == {second.order_id}
    states = {row.id: row.state for row in database.execute(select(WorkOrder.id, WorkOrder.state))}
    assert (states[first.order_id or 0], states[second.order_id or 0]) == ("queued", "cancelled")


def test_a_run_goes_on_where_it_was_killed_and_stops_when_told(ground: factory.Ground, database: Session) -> None:
    me = accounts.actor(ground.dispatcher)
    items = [Item(ground.file().order_id or 0, 1) for _each in range(3)]
    task = Task(action=BulkAction.POOL)
    run = bulk_runs.order(actor=me, now=clock.now(), task=task, items=items)

    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bulk_runs.work(run.id, killed, actor=me, words=lambda error: {"en": error.code})
    assert work(run.id, ground.dispatcher) == 2
    assert {each[0] for each in outcomes(database, run.id).values()} == {"done"}
    again = bulk_runs.order(actor=me, now=clock.now(), task=Task(action=BulkAction.UNPOOL), items=items[:2])
    bulk_runs.stop(actor=me, now=clock.now(), run_id=again.id)
    assert work(again.id, ground.dispatcher) == 0
    database.expire_all()
    assert set(outcomes(database, again.id).values()) == {(None, None)}


def test_somebody_without_the_right_any_more_does_nothing(ground: factory.Ground, database: Session) -> None:
    me = accounts.actor(ground.dispatcher)
    items = [Item(ground.file().order_id or 0, 1)]
    run = bulk_runs.order(actor=me, now=clock.now(), task=Task(action=BulkAction.POOL), items=items)
    assert work(run.id, ground.student) == 1
    assert set(outcomes(database, run.id).values()) == {("refused", "not-allowed")}


def failing(monkeypatch: pytest.MonkeyPatch, state: str) -> list[int]:
    """Every try of an order fails with an error of the database; they are counted."""
    tried: list[int] = []

    class Failed(Exception):
        sqlstate = state

    def fail(**given: Any) -> Any:
        tried.append(1)
        raise DBAPIError("select", None, Failed())

    monkeypatch.setattr(bulk, "act_on_many", fail)
    monkeypatch.setattr(bulk_runs.transaction, "abandon", lambda: None)
    return tried


def test_an_order_somebody_else_writes_is_tried_again_and_what_nobody_foresaw_is_not(
    ground: factory.Ground, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    me, task = accounts.actor(ground.dispatcher), Task(action=BulkAction.POOL)
    items = [Item(ground.file().order_id or 0, 1)]
    held, broken = (bulk_runs.order(actor=me, now=clock.now(), task=task, items=items).id for _each in range(2))
    tried = failing(monkeypatch, "55P03")
    work(held, ground.dispatcher)
    assert len(tried) == bulk_runs.TRIES
    assert set(outcomes(database, held).values()) == {("refused", "busy")}
    tried = failing(monkeypatch, "42P01")
    with pytest.raises(DBAPIError):
        work(broken, ground.dispatcher)
    assert len(tried) == 1
    assert set(outcomes(database, broken).values()) == {(None, None)}


def test_many_are_given_to_one(ground: factory.Ground, database: Session) -> None:
    person = ground.technician()
    ids = [ground.file().order_id or 0 for _each in range(2)]
    task = Task(action=BulkAction.ASSIGN, assignee=person.id)
    me, items = accounts.actor(ground.dispatcher), [Item(each, 1) for each in ids]
    done = bulk.act_on_many(actor=me, now=clock.now(), task=task, items=items)
    assert [each.refused for each in done] == [None, None]
    held = database.execute(select(WorkOrder.state, WorkOrder.assignee_id)).all()
    assert [tuple(each) for each in held] == [("offered", person.id)] * 2


def test_what_ordering_refuses(client: FlaskClient, ground: factory.Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    me = accounts.actor(ground.dispatcher)
    task = Task(action=BulkAction.POOL)
    headers = accounts.token(ground.dispatcher)
    for body in (
        {"action": "pool"},
        {"action": "assign", "items": [{"id": "1", "version": 1}]},
        {"action": "pool", "matching": {"state": "closed"}},
        {"action": "pool", "items": [{"id": "1", "version": "x"}]},
        {"action": "pool", "items": [{"id": "999999", "version": 1}]},
    ):
        assert client.post(URL, json=body, headers=headers).status_code == 422, body
    assert client.post(URL, json={"action": "pool"}, headers=accounts.token(ground.student)).status_code == 403
    ids = [ground.file().order_id or 0 for _each in range(2)]
    monkeypatch.setattr(bulk_runs, "MOST", 1)
    with pytest.raises(Rejected):
        bulk_runs.order(actor=me, now=clock.now(), task=task, view="queued", wanted=Wanted())
    for _each in range(bulk_runs.AT_ONCE):
        bulk_runs.order(actor=me, now=clock.now(), task=task, items=[Item(ids[0], 1)])
    with pytest.raises(Conflict):
        bulk_runs.order(actor=me, now=clock.now(), task=task, items=[Item(ids[0], 1)])


def test_the_page_asks_once_more_and_shows_the_account(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    filed = [ground.file() for _each in range(3)]
    login(ground.dispatcher)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    sent = {"action": "hold", "hold_reason": "weather", "until": "2030-01-01T08:00", "scope": "queued"}
    asked = client.post("/dispatch/bulk?priority=normal", data=sent)
    assert asked.status_code == 200
    assert "all 3 orders" in asked.text
    assert database.scalars(select(BulkRun)).all() == []
    begun = client.post("/dispatch/bulk?priority=normal", data={**sent, "sure": "1"})
    assert begun.status_code == 303
    run = database.scalars(select(BulkRun)).one()
    assert begun.location == f"/dispatch/runs/{run.id}"
    assert "hx-get" in client.get(begun.location).text
    assert str(run.id) in client.get("/dispatch/board").text  # found again after the page was closed
    database.execute(update(WorkOrder).where(WorkOrder.id == filed[0].order_id).values(version=9))
    work(run.id, ground.dispatcher)
    page = client.get(f"/dispatch/runs/{run.id}/state").text
    assert "2 orders done, 1 refused" in page
    assert "hx-get" not in page
    assert client.get("/dispatch/runs").status_code == 200
    assert client.post(f"/dispatch/runs/{run.id}/stop").status_code == 303
    login(accounts.person("dispatcher"))
    assert client.get(f"/dispatch/runs/{run.id}").status_code == 404
    assert client.post(f"/dispatch/runs/{run.id}/stop").status_code == 404


def test_old_accounts_are_forgotten(ground: factory.Ground, database: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_runs, "BATCH", 1)
    me, now = accounts.actor(ground.dispatcher), clock.now()
    items = [Item(ground.file().order_id or 0, 1)]
    for age in (timedelta(days=91), timedelta(days=89)):
        bulk_runs.order(actor=me, now=now - age, task=Task(action=BulkAction.POOL), items=items)
    assert sum(bulk_runs.forget(now)) == 2
    assert len(database.scalars(select(BulkRun.id)).all()) == 1
    assert len(database.scalars(select(BulkItem.id)).all()) == 1


def test_the_account_is_read_in_the_language_of_its_reader(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    """Also where what is missing has a name of its own, and whatever the language of who ordered it."""
    ground.dispatcher.locale = "en"
    me, order_id = accounts.actor(ground.dispatcher), ground.file().order_id or 0
    run = bulk_runs.order(actor=me, now=clock.now(), task=Task(action=BulkAction.REQUEUE), items=[Item(order_id, 1)])
    run_id = run.id
    deliver_all(clock.now())
    database.expire_all()
    assert database.get_one(BulkRun, (1, run_id)).ended_at is not None
    item = database.scalars(select(BulkItem).where(BulkItem.run_id == run_id)).one()
    assert (item.outcome, set(item.why or {})) == ("refused", {"zh-CN", "en"})
    said = item.why or {}
    assert said["en"].isascii()
    assert not said["zh-CN"].isascii()
    headers = accounts.token(ground.dispatcher)
    for tag in ("en", "zh-CN"):
        answer = client.get(f"{URL}/{run_id}/refused", headers={**headers, "Accept-Language": tag}).json
        assert [each["detail"] for each in answer["items"]] == [said[tag]]
        ground.dispatcher.locale = tag
        database.commit()
        login(ground.dispatcher)
        assert said[tag] in client.get(f"/dispatch/runs/{run_id}").text


def test_who_ordered_it_is_told_of_the_end_once_and_not_of_his_own_stop(
    ground: factory.Ground, database: Session, login: Any, client: FlaskClient
) -> None:
    ground.dispatcher.locale = "en"
    me, now = accounts.actor(ground.dispatcher), clock.now()
    ids = [ground.file().order_id or 0 for _each in range(2)]
    task = Task(action=BulkAction.HOLD, reason="weather", until=now + timedelta(days=2))
    run_id = bulk_runs.order(actor=me, now=now, task=task, items=[Item(ids[0], 1), Item(ids[1], 9)]).id
    stopped = bulk_runs.order(actor=me, now=now, task=task, items=[Item(ids[1], 1)])
    bulk_runs.stop(actor=me, now=now, run_id=stopped.id)
    deliver_all(clock.now())
    work(run_id, ground.dispatcher)  # a second copy of the job finds nothing to do
    deliver_all(clock.now())
    (line,) = database.scalars(select(Notification).where(Notification.kind == "bulk-ended")).all()
    assert (line.person_id, line.link) == (ground.dispatcher.id, f"/dispatch/runs/{run_id}")
    assert (line.data["done"], line.data["refused"]) == (1, 1)
    with i18n.speaking("en"):
        assert rendering.line(line.kind, line.data) == "Put on hold: Weather is through: 1 done, 1 refused."
    assert line.data["act"]["zh-CN"] != line.data["act"]["en"]


def test_more_than_a_request_does_become_a_run(
    client: FlaskClient, ground: factory.Ground, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contract: `POST /work-orders/bulk` over 100 items is a job."""
    monkeypatch.setattr(bulk, "AT_MOST", 2)
    headers = {**accounts.token(ground.dispatcher), **ENGLISH}
    items = [{"id": str(ground.file().order_id), "version": 1} for _each in range(3)]
    asked = {"action": "pool", "items": items[:2]}
    assert client.post("/api/v1/work-orders/bulk", json=asked, headers=headers).status_code == 207
    begun = client.post("/api/v1/work-orders/bulk", json={**asked, "items": items}, headers=headers)
    assert (begun.status_code, begun.json["total"], begun.json["ended_at"]) == (202, 3, None)
    assert begun.headers["Location"].endswith(f"{URL}/{begun.json['id']}")
    work(int(begun.json["id"]), ground.dispatcher)
    assert client.get(begun.headers["Location"], headers=headers).json["done"] == 1
    for wrong in ([], [items[0]] * (bulk_runs.MOST + 1)):
        refused = client.post("/api/v1/work-orders/bulk", json={**asked, "items": wrong}, headers=headers)
        assert refused.status_code == 422


def test_a_constraint_refuses_one_order_and_the_run_goes_on(
    ground: factory.Ground, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = accounts.actor(ground.dispatcher)
    first, second = (ground.file().order_id or 0 for _each in range(2))
    run = bulk_runs.order(
        actor=me, now=clock.now(), task=Task(action=BulkAction.POOL), items=[Item(first, 1), Item(second, 1)]
    )
    pool_it = bulk.pool.put

    def unlucky(**given: Any) -> Any:
        if given["order_id"] == first:
            database.execute(update(WorkOrder).where(WorkOrder.id == first).values(state="nowhere"))
        return pool_it(**given)

    monkeypatch.setattr(bulk.pool, "put", unlucky)
    work(run.id, ground.dispatcher)
    assert outcomes(database, run.id) == {first: ("refused", "rejected"), second: ("done", None)}
    assert database.get_one(BulkRun, (1, run.id)).ended_at is not None


def test_the_list_of_runs_takes_as_many_statements_however_many_people_they_name(
    login: Any, ground: factory.Ground
) -> None:
    me, item = accounts.actor(ground.dispatcher), [Item(ground.file().order_id or 0, 1)]
    people = [ground.technician() for _each in range(3)]

    def give(at: int) -> None:
        task = Task(action=BulkAction.ASSIGN, assignee=people[at].id)
        bulk_runs.order(actor=me, now=clock.now(), task=task, items=item)

    browser = login(ground.dispatcher)
    give(0)
    browser.get("/dispatch/runs")
    with counted() as of_one:
        browser.get("/dispatch/runs")
    give(1)
    give(2)
    with counted() as of_three:
        page = browser.get("/dispatch/runs").get_data(as_text=True)
    assert len(of_three) == len(of_one)
    assert all(person.name in page for person in people)
