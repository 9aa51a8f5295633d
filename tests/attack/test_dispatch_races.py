"""Scenario 2 of the handbook over HTTP: dispatchers in pairs, a hundred technicians at one pooled order; and withdraw
against accept. Exactly one wins, the others learn who, nothing stays half done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

import pytest

from app.accounts.models import Person
from app.core.db import db
from app.tickets.models import Shift, TechnicianProfile, TechnicianTrade, TechnicianZone, Trade
from tests.attack import live
from tests.attack.test_races import assign, held, move, order_of, second_order
from tests.factories import accounts

pytestmark = pytest.mark.race

GRABBERS = 100
PAIRS = 50


@pytest.fixture(scope="module")
def grabbers(site: live.Site) -> list[dict[str, str]]:
    """Headers of a hundred technicians who could all take an order."""
    with site.inside():
        trade = db.session.query(Trade).filter_by(code=site.people["trade"]).one()
        place = db.session.query(TechnicianZone).first()
        assert place is not None
        ids = []
        for _ in range(GRABBERS):
            person = accounts.person("technician")
            ids.append(person.id)
            db.session.add_all(
                [
                    TechnicianProfile(person_id=person.id, cap=50),
                    TechnicianTrade(person_id=person.id, trade_id=trade.id, level=2),
                    TechnicianZone(person_id=person.id, place_id=place.place_id),
                    *(Shift(person_id=person.id, weekday=day, starts=time(0), ends=time(0)) for day in range(7)),
                ]
            )
    with site.inside():
        return [accounts.token(db.session.get_one(Person, (1, person_id))) for person_id in ids]


@pytest.mark.parametrize("call", ["claim", "transitions", "either"])
def test_a_hundred_technicians_grab_one_order(site: live.Site, grabbers: list[dict[str, str]], call: str) -> None:
    """By the call of the pool, by the transition to `accepted`, and half by each."""
    for _ in range(3 if call == "claim" else 1):
        order = order_of(site, site.file().json()["id"])
        headers = {**site.people["dispatcher"], "If-Match": '"v1"'}
        pooled = site.ask("POST", f"/api/v1/work-orders/{order}/pool", headers=headers, json={})
        assert (pooled.status, pooled.json()["pooled"]) == (200, True), pooled.text

        def claim(who: dict[str, str], order: str = order) -> Callable[[], live.Answer]:
            return lambda: site.ask("POST", f"/api/v1/work-orders/{order}/claim", headers=who, json={})

        def accept(who: dict[str, str], order: str = order) -> Callable[[], live.Answer]:
            seen, body = {**who, "If-Match": '"v2"'}, {"to": "accepted"}
            return lambda: site.ask("POST", f"/api/v1/work-orders/{order}/transitions", headers=seen, json=body)

        grabs = {"claim": [claim], "transitions": [accept], "either": [claim, accept]}[call]
        answers = live.together(*(grabs[at % len(grabs)](who) for at, who in enumerate(grabbers)))
        (won,) = [answer for answer in answers if answer.status == 200]
        lost = [answer for answer in answers if answer.status == 412]
        assert len(lost) == GRABBERS - 1, sorted(answer.status for answer in answers)
        assert {answer.json()["current"]["assignee"]["id"] for answer in lost} == {won.json()["assignee"]["id"]}
        assert {answer.json()["current"]["state"] for answer in lost} == {"accepted"}
        taken = site.rows("SELECT outcome FROM offer WHERE order_id = %s", int(order))
        assert taken == [("accepted",)]
        grabbed = "SELECT count(*) FROM ticket_event WHERE order_id = %s AND kind = 'grab'"
        assert site.one(grabbed, int(order)) == 1


def test_fifty_pairs_of_dispatchers(site: live.Site) -> None:
    for _ in range(PAIRS):
        order = order_of(site, site.file().json()["id"])

        def give(who: str, to: str, order: str = order) -> Callable[[], live.Answer]:
            return lambda: assign(site, order, 1, who, assignee=site.people[f"{to}_id"])

        answers = live.together(give("dispatcher", "technician0"), give("admin", "technician1"))
        assert sorted(answer.status for answer in answers) == [200, 412]
        won, lost = sorted(answers, key=lambda answer: answer.status)
        assert lost.json()["current"]["assignee"] == won.json()["assignee"]
        live_ones = "SELECT person_id FROM offer WHERE order_id = %s AND outcome IS NULL"
        assert [str(row[0]) for row in site.rows(live_ones, int(order))] == [won.json()["assignee"]["id"]]
        events = "SELECT count(*) FROM ticket_event WHERE order_id = %s AND kind IN ('offer', 'reassign')"
        assert site.one(events, int(order)) == 1, "the history reads A to B only if somebody reassigned on purpose"


def test_withdraw_against_accept(site: live.Site) -> None:
    """Either order wins; a withdrawn request leaves no open order, and whoever held it loses it with it."""
    seen = set()
    for _ in range(20):
        ticket = site.file().json()["id"]
        order = order_of(site, ticket)
        version = held(site, order, "technician0")
        current = site.one("SELECT version FROM ticket WHERE id = %s", int(ticket))
        headers = {**site.people["student"], "If-Match": f'"v{current}"'}

        def withdraw(ticket: str = ticket, headers: dict[str, str] = headers) -> live.Answer:
            return site.ask("POST", f"/api/v1/tickets/{ticket}/withdraw", headers=headers, json={"note": "好了"})

        def accept(order: str = order, version: int = version) -> live.Answer:
            return move(site, order, version, "technician0", to="accepted")

        withdrawn, accepted = live.together(withdraw, accept)
        status = site.one("SELECT status FROM ticket WHERE id = %s", int(ticket))
        state = site.one("SELECT state FROM work_order WHERE id = %s", int(order))
        seen.add((withdrawn.status, accepted.status))
        if withdrawn.status == 200:
            assert (status, state) == ("withdrawn", "cancelled")
            assert accepted.status in (409, 412)
        else:
            assert (withdrawn.status, accepted.status) == (412, 200)
            assert (status, state) == ("in_service", "accepted")
    assert seen


def test_fifty_pairs_finish_the_two_orders_of_their_ticket_at_once(site: live.Site) -> None:
    """A hundred finishers at one barrier: each ticket is resolved, once, whoever of its pair came last."""
    acts: list[Callable[[], live.Answer]] = []
    tickets = [site.file().json()["id"] for _ in range(PAIRS)]
    for ticket in tickets:
        first = order_of(site, ticket)
        for order, who in ((first, "technician0"), (second_order(site, ticket), "technician1")):
            seen = held(site, order, who, "accepted", "working")
            acts.append(lambda order=order, who=who, seen=seen: move(site, order, seen, who, to="done", note="fixed"))
    answers = live.together(*acts)
    assert {answer.status for answer in answers} == {200}
    ids = [int(ticket) for ticket in tickets]
    assert site.rows("SELECT DISTINCT status FROM ticket WHERE id = ANY(%s)", ids) == [("resolved",)]
    resolved = (
        "SELECT count(*) FROM ticket_event WHERE ticket_id = ANY(%s) AND order_id IS NULL AND to_state = 'resolved'"
    )
    assert site.one(resolved, ids) == PAIRS
