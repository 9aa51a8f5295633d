"""The pool over API and pages: in, out, taken by whoever is first and can (tickets-rules 2, 37, 38)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock
from app.tickets.models import Absence, Clock, Offer, TechnicianProfile, WorkOrder
from app.tickets.queries import timeline
from app.tickets.rules.workflow import OrderAct
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import do, filed, offered
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all, told
from tests.tickets.walking import deliver

pytestmark = pytest.mark.usefixtures("frozen")


class Api:
    """Calls of people over the API."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def post(self, who: Person, path: str, body: Any = None, seen: int | None = None) -> Any:
        headers = {**accounts.token(who), "Accept-Language": "en"}
        if seen is not None:
            headers["If-Match"] = f'"v{seen}"'
        return self.client.post(f"/api/v1{path}", headers=headers, json=body or {})

    def pool(self, who: Person) -> list[str]:
        answer = self.client.get("/api/v1/work-orders/pool", headers=accounts.token(who))
        assert answer.status_code == 200
        return [each["id"] for each in answer.json["items"]]


@pytest.fixture
def api(client: FlaskClient) -> Api:
    return Api(client)


def order(database: Session, order_id: int) -> WorkOrder:
    return database.get_one(WorkOrder, (1, order_id), populate_existing=True)


def pooled(ground: make.Ground, api: Api) -> int:
    order_id = filed(ground)
    assert api.post(ground.dispatcher, f"/work-orders/{order_id}/pool", seen=1).status_code == 200
    return order_id


def test_from_the_pool_into_somebodys_hands(ground: make.Ground, api: Api, database: Session, now: datetime) -> None:
    technician = ground.technician()
    order_id = filed(ground)
    put = api.post(ground.dispatcher, f"/work-orders/{order_id}/pool", seen=1)
    assert (put.status_code, put.json["state"], put.json["pooled"]) == (200, "queued", True)
    deliver_all(now)
    assert order(database, order_id).state == "queued", "what lies in the pool is offered to nobody"
    assert told(technician, "order-pooled") == 1
    assert api.pool(technician) == [str(order_id)]
    taken = api.post(technician, f"/work-orders/{order_id}/claim")
    assert (taken.status_code, taken.json["state"]) == (200, "accepted")
    assert taken.json["assignee"]["id"] == str(technician.id)
    again = api.post(technician, f"/work-orders/{order_id}/claim")
    assert (again.status_code, again.json["version"]) == (200, taken.json["version"])
    assert api.pool(technician) == []
    offer = database.scalars(select(Offer)).one()
    assert (offer.person_id, offer.outcome, offer.reason) == (technician.id, "accepted", "pool")
    story = timeline.folded(order(database, order_id).ticket_id)
    assert story.orders[order_id].holder_id == technician.id
    assert story.status == "in_service"


def test_who_is_too_late_learns_who_was_faster(ground: make.Ground, api: Api) -> None:
    first, second = ground.technician(), ground.technician()
    order_id = pooled(ground, api)
    assert api.post(first, f"/work-orders/{order_id}/claim").status_code == 200
    for seen in (None, 2):
        late = api.post(second, f"/work-orders/{order_id}/claim", seen=seen)
        assert late.status_code == 412
        assert late.json["current"] == {
            "state": "accepted",
            "assignee": {"id": str(first.id), "name": first.name},
            "version": 3,
        }


def test_only_who_could_be_offered_it_may_take_it(
    ground: make.Ground, api: Api, database: Session, now: datetime
) -> None:
    order_id = pooled(ground, api)
    off, full, away = ground.technician(on_shift=False), ground.technician(cap=0), ground.technician()
    database.add(Absence(person_id=away.id, starts_at=now, ends_at=now + timedelta(hours=1)))
    database.flush()
    for person, why in ((off, "not on shift"), (full, "enough orders in hand"), (away, "absent")):
        refused = api.post(person, f"/work-orders/{order_id}/claim")
        assert refused.status_code == 422
        assert refused.json["errors"] == [{"field": "assignee", "message": why}]
    stranger = accounts.person("technician")
    database.add(TechnicianProfile(person_id=stranger.id, cap=5))
    database.flush()
    assert api.post(stranger, f"/work-orders/{order_id}/claim").status_code == 404
    assert api.post(ground.student, f"/work-orders/{order_id}/claim").status_code == 403
    assert order(database, order_id).state == "queued"


def test_an_order_that_is_not_in_the_pool_is_not_taken(
    ground: make.Ground, api: Api, database: Session, now: datetime
) -> None:
    technician = ground.technician()
    waits = filed(ground)
    assert api.post(technician, f"/work-orders/{waits}/claim").status_code == 404
    order_id = pooled(ground, api)
    out = api.post(ground.dispatcher, f"/work-orders/{order_id}/pool", {"pooled": False}, seen=2)
    assert (out.status_code, out.json["pooled"]) == (200, False)
    deliver(now)
    offer = order(database, order_id)
    assert (offer.state, offer.assignee_id) == ("offered", technician.id)
    unseen = api.post(technician, f"/work-orders/{order_id}/claim")
    assert (unseen.status_code, unseen.json["current"]["state"]) == (412, "offered")
    seen = api.post(technician, f"/work-orders/{order_id}/claim", seen=offer.version)
    assert (seen.status_code, seen.json["detail"]) == (409, "This order is not in the pool.")
    again = api.post(ground.dispatcher, f"/work-orders/{order_id}/pool", {"pooled": False}, seen=4)
    assert again.status_code == 409


def test_an_offer_is_taken_back_when_its_order_goes_into_the_pool(
    ground: make.Ground, api: Api, database: Session, now: datetime
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    answer = api.post(ground.dispatcher, f"/work-orders/{order_id}/pool", seen=2)
    assert (answer.status_code, answer.json["state"], answer.json["assignee"]) == (200, "queued", None)
    offer = database.scalars(select(Offer)).one()
    assert (offer.outcome, offer.reason) == ("revoked", "to_pool")
    assert api.post(technician, f"/work-orders/{order_id}/claim").status_code == 200, "asked before, may take it still"
    twice = api.post(ground.dispatcher, f"/work-orders/{order_id}/pool", seen=4)
    assert twice.status_code == 409


def test_what_is_given_back_lies_in_the_pool_again(
    ground: make.Ground, api: Api, database: Session, now: datetime
) -> None:
    first, second = ground.technician(), ground.technician()
    order_id = pooled(ground, api)
    api.post(first, f"/work-orders/{order_id}/claim")
    do(first, order_id, OrderAct.GIVE_BACK, now=now, reason="no_tools")
    deliver(now)
    assert (order(database, order_id).state, api.pool(second)) == ("queued", [str(order_id)])


def test_by_transition_it_is_the_same(ground: make.Ground, api: Api, now: datetime) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.DECLINE, now=now, reason="busy")  # he sees what he was asked for
    api.post(ground.dispatcher, f"/work-orders/{order_id}/pool", seen=3)
    taken = api.post(technician, f"/work-orders/{order_id}/transitions", {"to": "accepted"}, seen=4)
    assert (taken.status_code, taken.json["assignee"]["id"]) == (200, str(technician.id))
    do_again = api.post(technician, f"/work-orders/{order_id}/transitions", {"to": "accepted"}, seen=5)
    assert do_again.status_code == 409


def test_by_transition_too_where_the_pool_alone_shows_it(ground: make.Ground, api: Api, database: Session) -> None:
    """The table's row "queued, grab → accepted, C" is one act whichever call asks for it."""
    first, second = ground.technician(), ground.technician()
    order_id = pooled(ground, api)
    path = f"/work-orders/{order_id}/transitions"
    unseen = api.post(first, path, {"to": "accepted"})
    assert unseen.status_code == 428
    overtaken = api.post(first, path, {"to": "accepted"}, seen=1)
    assert (overtaken.status_code, overtaken.json["current"]["state"]) == (412, "queued")
    for other in ("declined", "en_route", "working"):
        assert api.post(first, path, {"to": other}, seen=2).status_code == 404, "he has no part in it yet"
    taken = api.post(first, path, {"to": "accepted"}, seen=2)
    assert (taken.status_code, taken.json["state"]) == (200, "accepted")
    assert taken.json["assignee"]["id"] == str(first.id)
    assert [each.outcome for each in database.scalars(select(Offer))] == ["accepted"]
    late = api.post(second, path, {"to": "accepted"}, seen=2)
    assert (late.status_code, late.json["current"]["assignee"]["id"]) == (412, str(first.id))


def test_by_transition_the_pool_gives_no_more_than_by_claim(ground: make.Ground, api: Api, database: Session) -> None:
    order_id = pooled(ground, api)
    path = f"/work-orders/{order_id}/transitions"
    refused = api.post(ground.technician(on_shift=False), path, {"to": "accepted"}, seen=2)
    assert (refused.status_code, refused.json["errors"]) == (422, [{"field": "assignee", "message": "not on shift"}])
    stranger = accounts.person("technician")
    database.add(TechnicianProfile(person_id=stranger.id, cap=5))
    database.flush()
    assert api.post(stranger, path, {"to": "accepted"}, seen=2).status_code == 404
    waits = filed(ground)
    technician = ground.technician()
    assert api.post(technician, f"/work-orders/{waits}/transitions", {"to": "accepted"}, seen=1).status_code == 404
    assert order(database, order_id).state == "queued"


def test_an_offer_that_has_ended_is_no_longer_there_to_be_taken(
    ground: make.Ground, api: Api, database: Session, now: datetime
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.DECLINE, now=now, reason="busy")
    late = api.post(technician, f"/work-orders/{order_id}/transitions", {"to": "accepted"}, seen=3)
    assert (late.status_code, order(database, order_id).state) == (409, "queued")


def test_whoever_is_no_technician_takes_nothing(ground: make.Ground, api: Api, database: Session) -> None:
    order_id = pooled(ground, api)
    both = accounts.person("technician", "dispatcher")
    refused = api.post(both, f"/work-orders/{order_id}/transitions", {"to": "accepted"}, seen=2)
    assert (refused.status_code, order(database, order_id).state) == (403, "queued")


def test_what_waits_for_another_does_not_go_into_the_pool(ground: make.Ground, api: Api, database: Session) -> None:
    first = ground.file()
    more = {"trade": "water", "after": str(first.order_id), "reason": "also the drain"}
    second = api.post(ground.dispatcher, f"/tickets/{first.id}/work-orders", more)
    assert second.status_code == 201, second.json
    put = api.post(ground.dispatcher, f"/work-orders/{second.json['id']}/pool", seen=1)
    assert (put.status_code, put.json["type"]) == (409, "dependencies-over")
    assert order(database, int(second.json["id"])).state == "planned"


TOMORROW = {"from": "2026-11-19T06:00:00Z", "to": "2026-11-19T08:00:00Z"}
NEAR = datetime.fromisoformat("2026-11-19T04:00:00Z")  # two hours before the window: from here on it may be queued


@pytest.fixture
def planned(ground: make.Ground, client: FlaskClient, database: Session) -> int:
    """An order that waits for the window its reporter chose."""
    sent = Caller(client, ground.student).file(ground, visit_window=TOMORROW)
    assert sent.status_code == 201, sent.json
    found = database.scalars(select(WorkOrder)).one()
    assert found.state == "planned"
    return found.id


def clocks(database: Session, order_id: int) -> dict[str, str]:
    """The clocks of an order and what each does."""
    of_order = select(Clock.kind, Clock.phase).where(Clock.owner_kind == "order", Clock.owner_id == order_id)
    return {each.kind: each.phase for each in database.execute(of_order)}


def test_an_agreed_visit_is_not_brought_forward_by_the_pool(
    ground: make.Ground, api: Api, database: Session, now: datetime, planned: int
) -> None:
    """Row "planned, queue → queued" demands the window of whoever asks, S as well as Y; then it goes its usual way."""
    technician = ground.technician()
    early = api.post(ground.dispatcher, f"/work-orders/{planned}/pool", seen=1)
    assert (early.status_code, early.json["type"]) == (409, "window-near")
    assert early.json["detail"] == "The agreed visit is still too far ahead."
    deliver_all(NEAR - timedelta(minutes=1))
    kept = order(database, planned)
    assert (kept.state, kept.pooled, kept.version) == ("planned", False, 1)
    assert told(technician, "order-pooled") == 0
    deliver_all(NEAR)
    offered_now = order(database, planned)
    assert (offered_now.state, offered_now.assignee_id) == ("offered", technician.id)


def test_a_planned_order_whose_visit_is_near_goes_into_the_pool_whole(
    ground: make.Ground, api: Api, database: Session, planned: int
) -> None:
    """It is queued and pooled in one step: clocks start, nobody is offered it, whoever is first has it."""
    technician = ground.technician()
    with clock.frozen(NEAR):
        put = api.post(ground.dispatcher, f"/work-orders/{planned}/pool", seen=1)
        assert (put.status_code, put.json["state"], put.json["pooled"], put.json["version"]) == (200, "queued", True, 2)
        story = timeline.events(order(database, planned).ticket_id)
        assert [each.kind for each in story if each.order_id == planned][-2:] == ["queue", "pool"]
        assert clocks(database, planned) == {"dispatch": "running", "arrive": "running"}
        deliver_all(NEAR)  # the word that it is queued, that it lies in the pool, and the timer of its visit
        assert (order(database, planned).state, told(technician, "order-pooled")) == ("queued", 1)
        assert api.pool(technician) == [str(planned)]
        taken = api.post(technician, f"/work-orders/{planned}/claim")
        assert (taken.status_code, taken.json["assignee"]["id"]) == (200, str(technician.id))
    assert timeline.folded(order(database, planned).ticket_id).orders[planned].holder_id == technician.id


def test_what_a_technician_proposed_is_approved_by_putting_it_into_the_pool(
    ground: make.Ground, api: Api, database: Session, now: datetime
) -> None:
    technician = ground.technician()
    first = offered(ground, now)
    do(technician, first, OrderAct.ACCEPT, OrderAct.START, now=now)
    ticket_id = order(database, first).ticket_id
    more = {"trade": "water", "reason": "also the drain"}
    proposed = api.post(technician, f"/tickets/{ticket_id}/work-orders", more)
    assert (proposed.status_code, proposed.json["state"]) == (201, "planned"), proposed.json
    order_id = int(proposed.json["id"])
    put = api.post(ground.dispatcher, f"/work-orders/{order_id}/pool", seen=1)
    assert (put.status_code, put.json["state"], put.json["pooled"]) == (200, "queued", True)
    assert order(database, order_id).proposed_by is None


def test_the_dispatchers_and_the_crews_page(
    ground: make.Ground, login: Callable[..., FlaskClient], database: Session, now: datetime
) -> None:
    technician, other = ground.technician(), ground.technician()
    order_id = filed(ground)
    desk = login(ground.dispatcher)
    desk.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert "Put into the pool" in desk.get(f"/dispatch/{order_id}").get_data(as_text=True)
    assert desk.post(f"/dispatch/{order_id}/pool", data={"version": 1}).status_code == 303
    page = desk.get(f"/dispatch/{order_id}").get_data(as_text=True)
    assert "Out of the pool" in page
    assert "In the pool" in page
    login(technician)
    assert "1 order in the pool" in desk.get("/crew").get_data(as_text=True)
    assert f'action="/crew/pool/{order_id}/claim"' in desk.get("/crew/pool").get_data(as_text=True)
    assert f'action="/crew/pool/{order_id}/claim"' in desk.get("/crew/pool/list").get_data(as_text=True)
    taken = desk.post(f"/crew/pool/{order_id}/claim")
    assert (taken.status_code, taken.headers["Location"]) == (303, f"/crew/{order_id}")
    login(other)
    late = desk.post(f"/crew/pool/{order_id}/claim")
    assert late.status_code == 412
    assert f"{technician.name} was faster and has it now." in late.get_data(as_text=True)
    assert "The pool is empty." in desk.get("/crew/pool").get_data(as_text=True)
