"""Kept views: own and shared, picked and told about, renamed and removed, over pages and API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core import clock
from app.core.errors import Conflict
from app.sites import queries as places
from app.tickets.models import DefaultView, SavedView
from app.tickets.rules import saved_views as rules
from app.tickets.rules.saved_views import Known, Surroundings
from app.tickets.services import saved_views as services
from tests.counting import counted
from tests.editing import fields_of, save
from tests.factories import accounts
from tests.factories import tickets as factory

URL = "/api/v1/saved-views"


def keep(client: FlaskClient, person: Any, name: str, filters: dict[str, Any] | None = None, **more: Any) -> Any:
    sent = {"name": name, "filters": filters or {}, **more}
    return client.post(URL, json=sent, headers=accounts.token(person))


def names(client: FlaskClient, person: Any) -> list[str]:
    return [each["name"] for each in client.get(URL, headers=accounts.token(person)).json["items"]]


def test_what_is_gone_is_named_and_left_out() -> None:
    around = Surroundings(
        places={1: ("campus", Known("North", True)), 2: ("building", Known("Old hall", False))},
        trades={"water": Known({"en": "Plumber"}, True), "glass": Known({"en": "Glazier"}, False)},
    )
    asked = {"state": "hold", "campus": 1, "building": 2, "trade": "glass", "priority": "mild"}
    wrong = rules.gone(asked, around, frozenset({"hold"}), frozenset({"high"}))
    assert wrong == {"building": "Old hall", "trade": {"en": "Glazier"}, "priority": None}
    assert rules.left(asked, wrong) == {"state": "hold", "campus": 1}
    assert rules.gone({"campus": 2}, around, frozenset(), frozenset()) == {"campus": None}  # a building is no campus
    assert rules.gone({"colour": 1}, around, frozenset(), frozenset()) == {"colour": None}
    assert rules.on({"state": "open", "trade": None, "campus": 1}) == {"campus": 1}


def test_own_views_over_the_api(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    other = accounts.person("dispatcher")
    made = keep(client, ground.dispatcher, "Water, south", {"trade": "water", "campus": str(ground.campus.id)})
    assert (made.status_code, made.json["gone"], made.json["is_default"]) == (201, [], False)
    assert made.json["filters"] == {"campus": str(ground.campus.id), "trade": "water"}
    assert names(client, ground.dispatcher) == ["Water, south"]
    assert names(client, other) == []
    where, headers = f"{URL}/{made.json['id']}", accounts.token(ground.dispatcher)
    assert client.get(where, headers=accounts.token(other)).status_code == 404
    assert client.patch(where, json={"name": "W"}, headers=headers).status_code == 428
    stale = {**headers, "If-Match": '"v9"'}
    assert client.patch(where, json={"name": "W"}, headers=stale).status_code == 412
    seen = {**headers, "If-Match": made.headers["ETag"]}
    changed = client.patch(where, json={"name": "W", "filters": {"state": "hold"}}, headers=seen)
    assert (changed.json["name"], changed.json["filters"], changed.json["version"]) == ("W", {"state": "hold"}, 2)
    assert client.patch(where, json={"name": "V"}, headers=seen).status_code == 412
    assert client.delete(where, headers=seen).status_code == 412
    assert client.delete(where, headers={**headers, "If-Match": '"v2"'}).status_code == 204
    assert client.get(where, headers=headers).status_code == 404
    verbs = database.scalars(select(AuditEntry.verb).where(AuditEntry.object_kind == "view").order_by(AuditEntry.id))
    assert list(verbs) == ["view.keep", "view.change", "view.remove"]


def test_names_are_unique_among_ones_own_and_a_roles(client: FlaskClient, ground: factory.Ground) -> None:
    supervisor, role = accounts.person("supervisor"), accounts.role("dispatcher").id
    assert keep(client, ground.dispatcher, "Night").status_code == 201
    taken = keep(client, ground.dispatcher, "NIGHT")
    assert (taken.status_code, [each["field"] for each in taken.json["errors"]]) == (422, ["name"])
    assert keep(client, supervisor, "Night").status_code == 201
    assert keep(client, supervisor, "Night", role=str(role)).status_code == 201
    assert keep(client, supervisor, "night", role=str(role)).status_code == 422
    assert keep(client, ground.dispatcher, "x" * 61).status_code == 422
    assert keep(client, ground.dispatcher, "  ").status_code == 422


def test_sharing_takes_the_right(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    role = str(accounts.role("dispatcher").id)
    assert keep(client, ground.dispatcher, "Mine", role=role).status_code == 403
    supervisor, second = accounts.person("supervisor"), accounts.person("supervisor")
    shared = keep(client, supervisor, "Everybody's", {"state": "hold"}, role=role)
    assert shared.status_code == 201
    assert keep(client, supervisor, "No", role=str(accounts.role("student").id)).status_code == 422
    where = f"{URL}/{shared.json['id']}"
    assert names(client, ground.dispatcher) == ["Everybody's"]
    seen = {"If-Match": '"v1"'}
    held = accounts.token(ground.dispatcher) | seen
    assert client.patch(where, json={"name": "Mine"}, headers=held).status_code == 403
    assert client.delete(where, headers=held).status_code == 403
    on = client.post(f"{where}/default", json={}, headers=accounts.token(ground.dispatcher))
    assert on.json["is_default"] is True
    assert names(client, second) == ["Everybody's"]  # whoever may share sees to all that is shared
    assert client.patch(where, json={"role": None}, headers=accounts.token(second) | seen).status_code == 403
    back = client.patch(where, json={"role": None}, headers=accounts.token(supervisor) | seen)
    assert (back.status_code, back.json["role"]) == (200, None)
    assert names(client, ground.dispatcher) == []
    assert database.scalars(select(DefaultView)).all() == []
    assert names(client, supervisor) == ["Everybody's"]


def test_an_owner_without_the_right_may_take_his_view_back(ground: factory.Ground, database: Session) -> None:
    me = accounts.actor(ground.dispatcher)
    role = accounts.role("dispatcher").id
    row = SavedView(
        owner_id=ground.dispatcher.id, role_id=role, name="A", folded="a", filters={}, changed_at=clock.now()
    )
    database.add(row)
    database.flush()
    assert services.change(actor=me, now=clock.now(), view_id=row.id, seen=1, role_id=None).role_id is None


def test_nobody_keeps_more_than_fifty(ground: factory.Ground) -> None:
    me = accounts.actor(ground.dispatcher)
    for n in range(services.OWN_AT_MOST):
        services.keep(actor=me, now=clock.now(), name=f"v{n}", filters={}, role_id=None)
    with pytest.raises(Conflict):
        services.keep(actor=me, now=clock.now(), name="one more", filters={}, role_id=None)


def test_one_begins_with_one_view_at_a_time(ground: factory.Ground, database: Session) -> None:
    me, now = accounts.actor(ground.dispatcher), clock.now()
    one, other = (services.keep(actor=me, now=now, name=name, filters={}, role_id=None).id for name in "ab")
    for view_id in (one, other, other):
        services.begin_with(actor=me, now=now, view_id=view_id)
    assert database.scalars(select(DefaultView.view_id)).all() == [other]
    said = select(AuditEntry.object_id).where(AuditEntry.verb == "view.default").order_by(AuditEntry.id)
    assert [int(each) for each in database.scalars(said)] == [one, other]  # the same again is no change


def test_a_view_is_kept_and_picked_on_board_and_list(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    login(ground.dispatcher)
    form = client.get(f"/dispatch/views/new?to=list&campus={ground.campus.id}&trade=water&state=hold")
    assert form.status_code == 200
    assert "水工" in form.text
    sent = {"name": "South on hold", "to": "list", "begin": "1"}
    where = f"/dispatch/views/new?campus={ground.campus.id}&trade=water&state=hold"
    kept = client.post(where, data=sent)
    view = database.scalars(select(SavedView)).one()
    assert kept.location == f"/dispatch?state=hold&campus={ground.campus.id}&trade=water&view={view.id}"
    again = client.post(where, data=sent)
    assert again.status_code == 422
    assert "South on hold" in again.text
    opened = client.get(f"/dispatch/views/{view.id}/open?to=board")
    assert opened.location == f"/dispatch/board?campus={ground.campus.id}&trade=water&view={view.id}"
    page = client.get(opened.location)
    assert "South on hold" in page.text
    # who says nothing begins with it; who says "everything" gets everything
    assert client.get("/dispatch/board").location == opened.location
    assert client.get("/dispatch").location == kept.location
    assert client.get("/dispatch/board?view=all").status_code == 200
    off = client.post(f"/dispatch/views/{view.id}/default", data={"off": "1"})
    assert off.status_code == 303
    assert client.get("/dispatch/board").status_code == 200
    assert client.get("/dispatch/board?view=nonsense").status_code == 200


def test_changed_filters_are_said_and_kept(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    login(ground.dispatcher)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    me = accounts.actor(ground.dispatcher)
    view = services.keep(actor=me, now=clock.now(), name="A", filters={"trade": "water", "state": "hold"}, role_id=None)
    same = client.get(f"/dispatch/board?trade=water&view={view.id}").text
    assert "Keep the change" not in same
    part = client.get(f"/dispatch/board?priority=high&view={view.id}", headers={"HX-Request": "true"})
    assert "Keep the change" in part.text
    assert part.headers["HX-Replace-Url"] == f"/dispatch/board?priority=high&view={view.id}"
    posted = client.post(f"/dispatch/views/{view.id}/filters?priority=high", data={"version": "1", "to": "board"})
    assert posted.status_code == 303
    database.expire_all()
    assert view.filters == {"priority": "high", "state": "hold"}  # the board does not speak of states
    stale = client.post(f"/dispatch/views/{view.id}/filters?priority=low", data={"version": "1", "to": "board"})
    assert stale.status_code == 412


def test_a_filter_that_no_longer_exists_is_told(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    login(ground.dispatcher)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    me = accounts.actor(ground.dispatcher)
    view = services.keep(
        actor=me,
        now=clock.now(),
        name="Hall",
        filters={"building": ground.building.id, "trade": "water"},
        role_id=None,
    )
    ground.building.valid_to = places.today(clock.now())
    database.flush()
    opened = client.get(f"/dispatch/views/{view.id}/open?to=board")
    assert opened.location == f"/dispatch/board?trade=water&view={view.id}"
    page = client.get(f"{opened.location}")
    assert "no longer exists" in page.text
    assert ground.building.name in page.text
    assert "no longer exists" in client.get("/dispatch/views").text
    listed = client.get(URL, headers=accounts.token(ground.dispatcher)).json["items"]
    assert listed[0]["gone"] == ["building"]
    refused = keep(client, ground.dispatcher, "Hall again", {"building": str(ground.building.id)})
    assert (refused.status_code, [each["field"] for each in refused.json["errors"]]) == (
        422,
        ["filters.building"],
    )
    action = re.search(r'action="(/dispatch/views/\d+/filters[^"]*)"', page.text)
    assert action is not None
    assert client.post(action[1], data={"version": "1", "to": "board"}).status_code == 303
    database.expire_all()
    assert view.filters == {"trade": "water"}


def test_pages_of_views(client: FlaskClient, login: Any, ground: factory.Ground, database: Session) -> None:
    supervisor = accounts.person("supervisor")
    role = accounts.role("dispatcher").id
    login(supervisor)
    assert client.get("/dispatch/views").status_code == 200
    me = accounts.actor(supervisor)
    view = services.keep(actor=me, now=clock.now(), name="Team", filters={}, role_id=role)
    assert client.get(f"/dispatch/views/{view.id}").status_code == 200
    where = f"/dispatch/views/{view.id}"
    opened = fields_of(client.get(where).text, where)
    assert save(client, where, {"name": "Team 2", "role": str(role)}).status_code == 303
    for seen in (*opened["version"], "", "1", "x"):  # an empty one is not the first version
        stale = client.post(where, data={"name": "Team 3", "role": str(role), "version": seen})
        assert (stale.status_code, fields_of(stale.text, where)["name"]) == (412, ["Team 3"])
    assert client.post(f"{where}/remove", data={"version": "x"}).status_code == 412
    login(ground.dispatcher)
    assert client.get(f"/dispatch/views/{view.id}").status_code == 403
    assert "Team 2" in client.get("/dispatch/views").text
    login(supervisor)
    assert client.post(f"/dispatch/views/{view.id}/remove", data={"version": "2"}).status_code == 303
    assert database.scalars(select(SavedView)).all() == []


def test_the_menu_costs_the_same_for_any_number_of_views(
    client: FlaskClient, login: Any, ground: factory.Ground
) -> None:
    me = accounts.actor(ground.dispatcher)
    login(ground.dispatcher)

    def add(name: str) -> int:
        filters = {"trade": "water", "campus": ground.campus.id}
        return services.keep(actor=me, now=clock.now(), name=name, filters=filters, role_id=None).id

    first = add("0")
    address = f"/dispatch/board?trade=water&campus={ground.campus.id}&view={first}"
    client.get(address)
    with counted() as few:
        client.get(address)
    for n in range(1, 9):
        add(str(n))
    with counted() as many:
        client.get(address)
    assert len(few) == len(many)
