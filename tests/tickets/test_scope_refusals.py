"""Who may do something, though not there, is told where that is; who may do it nowhere, which right it takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock, i18n
from app.core.actor import Actor, Grant, Scope
from app.core.errors import NotAllowed
from app.sites import services as sites
from app.sites.services import stickers
from app.tickets import policies
from app.tickets.rules.macros import Content, MacroAct
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import (
    acts,
    bulk,
    bulk_runs,
    calls_back,
    dispatching,
    dry_run,
    extensions,
    feeds,
    following,
    hands,
    macros,
    merging,
    opening,
    orders,
    pool,
    priorities,
    publishing,
    ranking_data,
    reclassifying,
    saved_views,
    splitting,
    technicians,
    unlisted,
    week,
)
from app.tickets.services.bulk import BulkAction
from app.tickets.services.reclassifying import Wish
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.calling import Caller

HELD = frozenset({policies.TRIAGE, policies.DISPATCH, policies.EXTEND, policies.ACCEPT_THIRD, "places.stickers"})


@pytest.fixture
def ground(database: Session, frozen: datetime) -> make.Ground:
    return make.Ground()


def elsewhere(ground: make.Ground, held: frozenset[str] = HELD) -> Actor:
    """Reads the whole institution, and answers for another campus."""
    other = make.place("campus", "东校区")
    grants = (
        Grant("reader", frozenset({"tickets.read"}), Scope("institution")),
        Grant("desk", held, Scope("campus", other.id)),
    )
    return Actor(kind="person", institution_id=1, id=accounts.person("student").id, grants=grants)


def every_act(ground: make.Ground, now: datetime) -> dict[str, Callable[[Actor], Any]]:
    filed, again = ground.file(), ground.file()
    ticket_id, order_id = filed.id, filed.order_id or 0
    person = ground.technician()
    supervisor = accounts.actor(accounts.person("supervisor"))
    macro = macros.add(actor=supervisor, now=now, name={"en": "x"}, position=0, content=Content(act=MacroAct.POOL))

    def of_ticket(service: Callable[..., Any], **more: Any) -> Callable[[Actor], Any]:
        return lambda actor: service(actor=actor, now=now, ticket_id=ticket_id, seen=None, **more)

    def of_order(service: Callable[..., Any], **more: Any) -> Callable[[Actor], Any]:
        return lambda actor: service(actor=actor, now=now, order_id=order_id, seen=None, **more)

    return {
        "accept": of_ticket(acts.accept),
        "reject": of_ticket(acts.reject, reason="not_ours"),
        "merge": lambda actor: merging.merge(actor=actor, now=now, ticket_id=ticket_id, into_id=again.id),
        "correct": of_ticket(reclassifying.reclassify, wish=Wish(urgency="high"), reason="x"),
        "split": of_ticket(splitting.split, category="tap", description="x"),
        "priority": of_ticket(priorities.override, priority="high", reason="x"),
        "publish": lambda actor: publishing.publish(actor=actor, now=now, ticket_id=ticket_id, published=True),
        "more time": of_ticket(extensions.ask, until=now + timedelta(days=3), reason="x"),
        "decide": of_ticket(extensions.decide, approve=True),
        "open an order": of_ticket(opening.open_order, trade="water"),
        "assign": of_order(dispatching.assign, assignee_id=person.id),
        "ranking": lambda actor: dispatching.preview(actor=actor, now=now, order_id=order_id),
        "pool": of_order(pool.put),
        "cancel": of_order(orders.act, act=OrderAct.CANCEL, reason="x"),
        "macro": of_order(macros.use, macro=macro),
        "helper": of_order(hands.add, person_id=person.id),
        "dry run": lambda actor: dry_run.whom(
            actor=actor, at=now, place_id=ground.room.id, category="tap", urgency="low"
        ),
        "sticker": lambda actor: stickers.issue_stickers([ground.room.id], actor=actor, now=now),
    }


def test_it_says_where_it_lies_in_both_languages(ground: make.Ground, now: datetime) -> None:
    actor = elsewhere(ground)
    for name, act in every_act(ground, now).items():
        with pytest.raises(NotAllowed) as refused:
            act(actor)
        for tag, said in (("en", "outside of what you are responsible for"), ("zh-CN", "不在你负责的范围内")):
            with i18n.speaking(tag):
                sentence = str(refused.value.message)
            assert said in sentence, name
            assert ground.building.path in sentence, name
            assert ground.room.name not in sentence, "no finer than the building"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("en", r"This takes the right “.+”\. Roles that have it: .*Administrator"),
        ("zh-CN", r"需要“.+”权限.*系统管理员"),
    ],
)
def test_who_holds_the_right_nowhere_is_told_which_and_nothing_of_the_place(
    ground: make.Ground, now: datetime, tag: str, said: str
) -> None:
    accounts.role("admin")
    actor = elsewhere(ground, frozenset())
    with i18n.speaking(tag):
        for name, act in every_act(ground, now).items():
            with pytest.raises(NotAllowed) as refused:
                act(actor)
            assert re.search(said, str(refused.value.message)), name
            assert ground.building.name not in str(refused.value.message), name


def test_a_route_that_lets_in_says_the_same_as_one_that_does_not(client: FlaskClient, ground: make.Ground) -> None:
    """The crew may move orders and students may file: what else it takes, they read as at any door."""
    technician = ground.technician()
    order_id = ground.file().order_id or 0
    dispatching.assign(
        actor=accounts.actor(ground.dispatcher),
        now=clock.now(),
        order_id=order_id,
        assignee_id=technician.id,
        seen=None,
    )
    cancel = {"to": "cancelled", "reason": "other"}
    at = f"/work-orders/{order_id}/transitions"
    refused = Caller(client, technician).post(at, cancel, seen="*")
    assert refused.status_code == 403
    assert refused.json["detail"].startswith(
        "This takes the right “Assign work orders”. Roles that have it: Dispatcher"
    )
    narrow = {**accounts.token(ground.dispatcher, scopes=["tickets.work", "tickets.read"]), "Accept-Language": "en"}
    at = f"/api/v1{at}"
    by_token = client.post(at, json=cancel, headers={**narrow, "If-Match": "*"})
    assert by_token.status_code == 403
    assert by_token.json["detail"] == (
        "This token was issued without the right “Assign work orders”. Make a token that has it."
    )
    with pytest.raises(NotAllowed) as for_another, i18n.speaking("en"):
        ground.file(reporter_id=technician.id)
    assert "“Report repairs for others”" in str(for_another.value.message)


def test_what_is_not_ones_own_to_do_is_refused(ground: make.Ground, now: datetime) -> None:
    """Behind the routes: no service takes the edge's word for it."""
    student, dispatcher, system = make.actor(ground.student), make.actor(ground.dispatcher), Actor.system(1)
    person = ground.technician()
    filed = ground.file()
    given: dict[str, Any] = {"now": now, "order_id": filed.order_id}
    dispatching.assign(actor=dispatcher, assignee_id=person.id, seen=None, **given)
    orders.act(actor=make.actor(person), act=OrderAct.ACCEPT, seen=None, **given)
    refused: list[Callable[[], Any]] = [
        lambda: technicians.end(actor=student, now=now, person_id=person.id),
        lambda: ranking_data.set_walks(actor=student, now=now, building_id=ground.building.id, minutes={}),
        lambda: macros.close(actor=dispatcher, now=now, macro_id=1, seen=None),
        lambda: week.plan(actor=student, now=now, zone=ZoneInfo("Asia/Shanghai"), cells=[]),
        lambda: saved_views.keep(actor=student, now=now, name="x", filters={}, role_id=None),
        lambda: saved_views.begin_with(actor=system, now=now, view_id=None),
        lambda: feeds.renew_feed(actor=student, now=now),
        lambda: bulk_runs.order(actor=student, now=now, task=bulk.Task(action=BulkAction.AUTO)),
        lambda: calls_back.ask(actor=dispatcher, **given),
        lambda: calls_back.answer(actor=dispatcher, now=now, ticket_id=filed.id, phone="12345"),
        lambda: hands.ask(actor=dispatcher, **given),
        lambda: hands.remove(actor=make.actor(accounts.person("leader")), person_id=person.id, **given),
        lambda: extensions.decide(actor=system, now=now, ticket_id=filed.id, approve=True),
        lambda: following.join(actor=system, now=now, ticket_id=filed.id),
    ]
    for number, act in enumerate(refused):
        with pytest.raises(NotAllowed):
            pytest.fail(f"{number} was done: {act()}")


def test_what_lies_nowhere_is_for_the_whole_institution(ground: make.Ground, now: datetime) -> None:
    actor = elsewhere(ground, HELD | {"places.write"})
    refused = []
    with pytest.raises(NotAllowed) as of_words:
        unlisted.name_for_all(actor=actor, now=now, text="老水房", place_id=ground.room.id)
    with pytest.raises(NotAllowed) as of_campus:
        sites.add_place(kind="campus", code="new", name="新校区", parent_id=None, actor=actor, now=now)
    refused += [of_words.value, of_campus.value]
    with i18n.speaking("en"):
        assert {str(each.message) for each in refused} == {
            "This lies in no place of the register: only who is responsible for the whole institution may do it."
        }


def test_the_api_says_it(client: FlaskClient, ground: make.Ground, now: datetime) -> None:
    """A dispatcher of one campus reads what his holder's past let him see; the order is not his to give."""
    person: Person = ground.technician()
    order_id = ground.file().order_id or 0
    dispatching.assign(
        actor=accounts.actor(ground.dispatcher), now=now, order_id=order_id, assignee_id=person.id, seen=None
    )
    other = make.place("campus", "东校区")
    accounts.grant(person, "dispatcher", scope_kind="campus", scope_id=other.id)
    headers = {**accounts.token(person), "Accept-Language": "en", "If-Match": '"2"'}
    answer = client.post(f"/api/v1/work-orders/{order_id}/assignment", json={"auto": True}, headers=headers)
    assert (answer.status_code, answer.json["type"]) == (403, "not-allowed")
    assert ground.building.path in answer.json["detail"]
