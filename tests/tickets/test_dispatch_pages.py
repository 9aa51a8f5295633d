"""The dispatcher's pages: the list by what orders wait for, one order with its candidates, two dispatchers at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tickets.models import Offer, TechnicianProfile, TechnicianZone, WorkOrder
from app.tickets.queries import technicians
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import acts, dispatching
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import do, filed, offered

pytestmark = pytest.mark.usefixtures("frozen")


def order(database: Session, order_id: int) -> WorkOrder:
    database.expire_all()
    return database.scalars(select(WorkOrder).where(WorkOrder.id == order_id)).one()


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_each_view_holds_what_waits_for_the_same_thing(
    ground: make.Ground, now: datetime, desk: FlaskClient, database: Session
) -> None:
    queued = filed(ground)
    dispatching.dispatch_order(actor=make.actor(accounts.person("admin")), now=now, order_id=queued)
    technician = ground.technician()
    offer, work, hold = offered(ground, now), offered(ground, now), offered(ground, now)
    do(technician, work, OrderAct.ACCEPT, OrderAct.START, now=now)
    do(technician, hold, OrderAct.ACCEPT, now=now)
    do(technician, hold, OrderAct.HOLD, now=now, reason="parts", until=now + timedelta(days=1))
    waits = ground.file(place_text="外面").id
    for view, mine in {"queued": queued, "offered": offer, "work": work, "hold": hold}.items():
        page = text(desk, f"/dispatch?state={view}")
        shown = [each for each in (queued, offer, work, hold) if f'href="/dispatch/{each}?' in page]
        assert shown == [mine], view
    assert "Nobody can take it now" in text(desk, "/dispatch?state=queued")
    assert "until 10:10" in text(desk, "/dispatch?state=offered")
    assert "Waiting for parts, until 19 Nov, 10:00" in text(desk, "/dispatch?state=hold")
    page = text(desk, "/dispatch?state=waits")
    assert f'href="/tickets/{waits}"' in page
    assert "Unlisted place" in page
    assert "/dispatch/" not in page.split("<tbody>")[1]
    assert 'Open <span class="views__n">4</span>' in text(desk, "/dispatch")


def test_what_waits_for_a_person(ground: make.Ground, now: datetime, desk: FlaskClient) -> None:
    asked = ground.file()
    acts.ask(actor=make.actor(ground.dispatcher), now=now, ticket_id=asked.id, seen=None, note="Which tap?")
    stranded = ground.file()
    assert stranded.order_id is not None
    do(ground.dispatcher, stranded.order_id, OrderAct.CANCEL, now=now, reason="by_mistake")
    fine = ground.file()
    page = text(desk, "/dispatch?state=waits")
    assert "The reporter was asked" in page
    assert "No order is open" in page
    assert f'href="/tickets/{fine.id}"' not in page


def test_the_list_is_narrowed_by_campus_building_trade_and_priority(
    ground: make.Ground, now: datetime, desk: FlaskClient
) -> None:
    other = make.place("campus", "北校区")
    hall = make.place("room", "101", make.place("building", "图书馆", other))
    here, there = filed(ground), filed(ground, place_id=hall.id, urgency="high")
    for query, mine in {
        f"campus={other.id}": there,
        f"building={ground.building.id}": here,
        "priority=high": there,
        "priority=normal&trade=water": here,
    }.items():
        page = text(desk, f"/dispatch?{query}")
        assert [each for each in (here, there) if f"/dispatch/{each}?" in page] == [mine], query
    nothing = text(desk, "/dispatch?trade=carpentry&state=queued")
    assert "No order is open here." in nothing
    assert 'href="/dispatch?state=queued&amp;view=all"' in nothing, "an empty list says how to see more"
    building = text(desk, f"/dispatch?campus={other.id}")
    assert "图书馆</option>" in building
    assert "桃园3栋</option>" not in building


def test_what_filters_offer_is_of_now_and_of_the_reader(
    ground: make.Ground, desk: FlaskClient, database: Session
) -> None:
    """They are kept by what there is: a new name is there at once, in both languages, and one of them is chosen."""
    assert "图书馆</option>" not in text(desk, "/dispatch")
    hall = make.place("building", "图书馆", ground.campus)
    assert f'<option value="{hall.id}">图书馆</option>' in text(desk, "/dispatch")
    hall.name = "<新>馆"
    chosen = text(desk, f"/dispatch?building={hall.id}")
    assert f'<option value="{hall.id}" selected>&lt;新&gt;馆</option>' in chosen
    assert f'<option value="{ground.building.id}">' in chosen
    assert "图书馆</option>" not in chosen
    english = text(desk, "/dispatch")
    desk.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    chinese = text(desk, "/dispatch")
    for code in ("water", "high"):
        said = [page.split(f'<option value="{code}">')[1].split("<")[0] for page in (english, chinese)]
        assert said[0].isascii()
        assert not said[1].isascii()


@pytest.mark.parametrize("everywhere", [True, False])
def test_whom_orders_can_be_given_to_is_whom_one_plans(
    ground: make.Ground, now: datetime, everywhere: bool, database: Session
) -> None:
    other = make.place("campus", "北校区")
    scope = {} if everywhere else {"scope_kind": "campus", "scope_id": other.id}
    planner = make.actor(accounts.person("dispatcher", **scope))
    here, there, without = ground.technician(), ground.technician(), ground.technician()
    zones = {zone.person_id: zone for zone in database.scalars(select(TechnicianZone))}
    zones[there.id].place_id = other.id
    database.delete(zones[without.id])
    named = [person_id for person_id, _name in technicians.names(planner, now, None, 100)]
    assert named == [line.person_id for line in technicians.page(planner, now).items]
    assert set(named) == {there.id, without.id} | ({here.id} if everywhere else set())
    crew = accounts.crew(there)
    assert [name for _id, name in technicians.names(planner, now, crew.id, 100)] == [there.name]


@pytest.mark.parametrize("query", ["state=gone", "campus=x", "priority=max", "limit=0", "cursor=!!", "campus=٣"])
def test_a_filter_that_means_nothing_is_refused(query: str, desk: FlaskClient) -> None:
    assert desk.get(f"/dispatch?{query}").status_code == 422


def test_pages_follow_each_other_by_urgency_and_age(ground: make.Ground, now: datetime, desk: FlaskClient) -> None:
    usual = [filed(ground) for _each in range(3)]
    urgent = filed(ground, urgency="high")
    first = text(desk, "/dispatch?limit=2")
    cursor = first.split("cursor=")[1].split('"')[0].split("&")[0]
    assert [each for each in (urgent, *usual) if f'href="/dispatch/{each}' in first] == [urgent, usual[0]]
    second = text(desk, f"/dispatch?limit=2&cursor={cursor}")
    assert [each for each in (urgent, *usual) if f'href="/dispatch/{each}' in second] == usual[1:]


def test_the_list_is_asked_for_quietly(ground: make.Ground, now: datetime, desk: FlaskClient) -> None:
    filed(ground)
    tag = desk.get("/dispatch/list").headers["ETag"]
    assert desk.get("/dispatch/list", headers={"If-None-Match": tag}).status_code == 304
    assert desk.get("/dispatch/list", query_string={"seen": tag.strip('"')}).status_code == 204
    filed(ground)
    fresh = desk.get("/dispatch/list", query_string={"seen": tag.strip('"')})
    assert fresh.status_code == 200
    assert fresh.get_data(as_text=True).lstrip().startswith('<div class="orders cards"')


def test_the_list_takes_the_same_few_statements_however_long_it_is(
    ground: make.Ground, now: datetime, desk: FlaskClient
) -> None:
    filed(ground)
    for path, most in (("/dispatch", 6), ("/dispatch?state=waits", 6), ("/dispatch/list", 4)):
        desk.get(path)
        with counted() as few:
            desk.get(path)
        for _each in range(5):
            filed(ground)
            ground.file(place_text="外面")
        with counted() as many:
            desk.get(path)
        assert len(many) == len(few) <= most


def test_the_order_says_who_could_take_it_and_why(ground: make.Ground, now: datetime, desk: FlaskClient) -> None:
    best, busy = ground.technician(), ground.technician(cap=1)
    away = ground.technician(on_shift=False)
    taken = filed(ground)
    dispatching.assign(actor=make.actor(ground.dispatcher), now=now, order_id=taken, assignee_id=busy.id, seen=None)
    order_id = filed(ground)
    page = text(desk, f"/dispatch/{order_id}")
    assert f"Give to {best.name}" in page
    assert "level 2 of 3\u00a0· nothing in hand\u00a0· no offer so far" in page
    assert "Skill 15.0, Distance 12.5, Load 25.0, Shift 10.0" in page
    assert f"<b>{busy.name}</b>" in page
    assert "enough orders in hand" in page
    assert f"<b>{away.name}</b>" in page
    assert "not on shift" in page
    assert f'<option value="{away.id}">' in page.split('label="Only with a reason"')[1]


def test_giving_it_to_somebody_by_hand(
    ground: make.Ground, now: datetime, desk: FlaskClient, database: Session
) -> None:
    technician, away = ground.technician(), ground.technician(on_shift=False)
    order_id = filed(ground)
    answer = desk.post(f"/dispatch/{order_id}/assign?state=queued", data={"version": 1, "assignee": technician.id})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/dispatch/{order_id}?state=queued")
    now_offered = order(database, order_id)
    assert (now_offered.state, now_offered.assignee_id) == ("offered", technician.id)
    page = text(desk, f"/dispatch/{order_id}")
    assert f"Offered to {technician.name}" in page
    assert "by hand" in page
    assert "waits for the answer" in page

    refused = desk.post(
        f"/dispatch/{order_id}/assign", data={"version": 2, "assign_assignee": away.id, "assign_words": " "}
    )
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "This overrides the shift" in page
    assert f'<option value="{away.id}" selected>' in page
    sent = {"version": 2, "assign_assignee": away.id, "assign_reason": "agreed", "assign_words": "she is downstairs"}
    assert desk.post(f"/dispatch/{order_id}/assign", data=sent).status_code == 303
    assert order(database, order_id).assignee_id == away.id
    page = text(desk, f"/dispatch/{order_id}")
    assert "offered to somebody else" in page
    assert "Overridden: Agreed with the person" in page
    assert "she is downstairs" in page
    ticket_id = database.scalars(select(WorkOrder.ticket_id).where(WorkOrder.id == order_id)).one()
    history = text(desk, f"/tickets/{ticket_id}")
    assert "Agreed with the person\nshe is downstairs" in history, "the reason in words, and what was written beside it"


def test_a_holder_is_replaced_with_a_reason_only(
    ground: make.Ground, now: datetime, desk: FlaskClient, database: Session
) -> None:
    first = ground.technician()
    order_id = offered(ground, now)
    do(first, order_id, OrderAct.ACCEPT, now=now)
    second = ground.technician()
    page = text(desk, f"/dispatch/{order_id}")
    assert "Give to somebody else…" in page
    assert f"Give to {second.name}" not in page
    data = {"version": 3, "assign_assignee": second.id}
    assert desk.post(f"/dispatch/{order_id}/assign", data=data).status_code == 422
    assert desk.post(f"/dispatch/{order_id}/assign", data={**data, "assign_reason": "balance"}).status_code == 303
    assert order(database, order_id).assignee_id == second.id


def test_the_ranking_by_hand(ground: make.Ground, now: datetime, desk: FlaskClient, database: Session) -> None:
    order_id = filed(ground)
    assert desk.post(f"/dispatch/{order_id}/auto", data={"version": 1}).status_code == 303
    assert "Nobody can take W26-000001 now" in text(desk, f"/dispatch/{order_id}")
    technician = ground.technician()
    assert desk.post(f"/dispatch/{order_id}/auto", data={"version": 1}).status_code == 303
    assert order(database, order_id).assignee_id == technician.id


def test_of_two_dispatchers_the_loser_sees_who_won(
    ground: make.Ground, now: datetime, desk: FlaskClient, database: Session
) -> None:
    mine, theirs = ground.technician(), ground.technician()
    rival = accounts.person("dispatcher", name="赵调度")
    order_id = filed(ground)
    dispatching.assign(actor=make.actor(rival), now=now, order_id=order_id, assignee_id=theirs.id, seen=1)
    news = text(desk, f"/dispatch/{order_id}/news?seen=1&state=queued")
    assert f"赵调度 gave it to {theirs.name}" in news
    assert f'href="/dispatch/{order_id}?state=queued"' in news
    assert desk.get(f"/dispatch/{order_id}/news?seen=2").status_code == 204
    answer = desk.post(
        f"/dispatch/{order_id}/assign", data={"version": 1, "assign_assignee": mine.id, "assign_words": "quick"}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 412
    assert "Somebody was faster" in page
    assert f"赵调度 gave it to {theirs.name}" in page
    assert "It is now: Offered." in page
    assert 'value="quick"' in page
    assert 'name="version" value="2"' in page
    assert order(database, order_id).assignee_id == theirs.id
    assert len(database.scalars(select(Offer)).all()) == 1


@pytest.mark.parametrize(
    ("before", "act", "data", "state"),
    [
        ((), "hold", {"hold_reason": "weather", "hold_until": "2026-11-19T08:00"}, "on_hold"),
        ((), "cancel", {"cancel_reason": "not_needed"}, "cancelled"),
        (("offer",), "revoke", {"revoke_reason": "other", "revoke_words": "He called in sick"}, "queued"),
        (
            ("offer", "accept", "start"),
            "done",
            {"done_reason": "no_phone", "done_note": "x", "done_at": "2026-11-18T09:50"},
            "done",
        ),
    ],
)
def test_other_acts_ask_for_what_the_tables_demand(
    before: tuple[str, ...],
    act: str,
    data: dict[str, str],
    state: str,
    ground: make.Ground,
    now: datetime,
    desk: FlaskClient,
    database: Session,
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now) if before else filed(ground)
    do(technician, order_id, *[OrderAct(each) for each in before[1:]], now=now)
    version = order(database, order_id).version
    page = text(desk, f"/dispatch/{order_id}")
    assert all(f'name="{name}"' in page for name in data)
    assert desk.post(f"/dispatch/{order_id}/{act}", data={"version": version}).status_code == 422
    assert desk.post(f"/dispatch/{order_id}/{act}", data={"version": version, **data}).status_code == 303
    assert order(database, order_id).state == state


def test_a_cancelled_order_says_who_cancelled_it_and_why(
    ground: make.Ground, now: datetime, desk: FlaskClient, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    do(ground.dispatcher, order_id, OrderAct.CANCEL, now=now, reason="by_mistake")
    page = text(desk, f"/dispatch/{order_id}")
    assert ground.dispatcher.name in page.split('id="panel"')[1]
    assert "Opened by mistake" in page
    mine = text(login(technician), f"/crew/{order_id}")
    assert "This order is cancelled; nobody has to come." in mine
    assert "Opened by mistake" in mine


def test_a_dispatcher_of_another_campus_sees_nothing_here(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    other = make.place("campus", "北校区")
    elsewhere = login(accounts.person("dispatcher", scope_kind="campus", scope_id=other.id))
    order_id = filed(ground)
    waits = ground.file(place_text="外面").id
    assert f"/dispatch/{order_id}" not in text(elsewhere, "/dispatch")
    assert f"/tickets/{waits}" not in text(elsewhere, "/dispatch?state=waits")
    for path in (f"/dispatch/{order_id}", f"/dispatch/{order_id}/news"):
        assert elsewhere.get(path).status_code == 404
    assert elsewhere.post(f"/dispatch/{order_id}/auto", data={"version": 1}).status_code == 404


@pytest.mark.parametrize("role", ["student", "technician", "leader"])
def test_the_pages_are_for_dispatchers(role: str, login: Callable[..., FlaskClient], database: Session) -> None:
    client = login(accounts.person(role))
    for path in ("/dispatch", "/dispatch/list", "/dispatch/1", "/dispatch/1/news"):
        assert client.get(path).status_code == 403
    for path in ("/dispatch/1/assign", "/dispatch/1/auto", "/dispatch/1/cancel"):
        assert client.post(path).status_code == 403


@pytest.mark.parametrize("given", ["0", "x", "9" * 30, "-1"])
def test_an_address_or_person_that_means_nothing(given: str, ground: make.Ground, desk: FlaskClient) -> None:
    order_id = filed(ground)
    assert desk.get(f"/dispatch/{given}").status_code == 404
    assert desk.post(f"/dispatch/{order_id}/assign", data={"version": 1, "assignee": given}).status_code == 422
    assert desk.post(f"/dispatch/{order_id}/accept", data={"version": 1}).status_code == 404
    assert desk.post(f"/dispatch/{order_id}/assign", data={"version": 1, "assignee": 10**15}).status_code == 422


def test_an_offer_locks_and_counts(ground: make.Ground, now: datetime, desk: FlaskClient, database: Session) -> None:
    technician = ground.technician(cap=1)
    first, second = filed(ground), filed(ground)
    assert desk.post(f"/dispatch/{first}/assign", data={"version": 1, "assignee": technician.id}).status_code == 303
    assert desk.post(f"/dispatch/{second}/assign", data={"version": 1, "assignee": technician.id}).status_code == 422
    profile = database.scalars(select(TechnicianProfile)).one()
    database.refresh(profile)
    assert profile.last_offer_at == now


def test_a_request_without_an_open_order_gets_one(
    ground: make.Ground, now: datetime, desk: FlaskClient, database: Session
) -> None:
    stranded = ground.file()
    assert stranded.order_id is not None
    do(ground.dispatcher, stranded.order_id, OrderAct.CANCEL, now=now, reason="by_mistake")
    path = f"/dispatch/requests/{stranded.id}/order"
    assert path in text(desk, "/dispatch?state=waits")
    assert desk.post(path, data={"trade": "carpentry"}).status_code == 422
    assert desk.post(path, data={"trade": "water", "minutes": "0"}).status_code == 422
    answer = desk.post(path, data={"trade": "water", "minutes": "45", "reason": "other_trade"})
    opened = database.scalars(select(WorkOrder).order_by(WorkOrder.id.desc())).first()
    assert opened is not None
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/dispatch/{opened.id}")
    assert (opened.state, opened.planned_minutes) == ("queued", 45)
    assert path not in text(desk, "/dispatch?state=waits")
    assert path in text(desk, f"/dispatch/{opened.id}")
    unlisted = ground.file(place_text="外面").id
    assert desk.post(f"/dispatch/requests/{unlisted}/order", data={"trade": "water"}).status_code == 409
    assert desk.get("/dispatch/requests/x/order").status_code == 404


def test_a_hold_is_ended_at_the_desk_only_where_nobody_has_the_order(
    ground: make.Ground, now: datetime, desk: FlaskClient, database: Session
) -> None:
    """2: `requeue` wants nobody assigned; whoever holds it goes on himself."""
    technician = ground.technician()
    held, loose = offered(ground, now), filed(ground)
    do(technician, held, OrderAct.ACCEPT, now=now)
    do(technician, held, OrderAct.HOLD, now=now, reason="access")
    do(ground.dispatcher, loose, OrderAct.HOLD, now=now, reason="access")
    assert "End the hold" not in text(desk, f"/dispatch/{held}")
    assert "End the hold" in text(desk, f"/dispatch/{loose}")
    version = order(database, loose).version
    assert desk.post(f"/dispatch/{loose}/requeue", data={"version": version}).status_code == 303
    assert order(database, loose).state == "queued"
