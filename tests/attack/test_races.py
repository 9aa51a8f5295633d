"""Races over HTTP: many clients at one barrier, the invariant read by SQL, no answer 5xx (`live.together` looks)."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from app.core import deliveries
from app.tickets.web import choices
from tests.attack import live

pytestmark = pytest.mark.race

CLIENTS = 8
ROUNDS = 30
SETTING = "tickets.offer_minutes"


def assign(site: live.Site, order: str, version: int, who: str = "dispatcher", **sent: Any) -> live.Answer:
    headers = {**site.people[who], "If-Match": f'"v{version}"'}
    return site.ask("POST", f"/api/v1/work-orders/{order}/assignment", headers=headers, json=sent)


def move(site: live.Site, order: str, version: int, who: str, **sent: Any) -> live.Answer:
    headers = {**site.people[who], "If-Match": f'"v{version}"'}
    return site.ask("POST", f"/api/v1/work-orders/{order}/transitions", headers=headers, json=sent)


def order_of(site: live.Site, ticket: str) -> str:
    return str(site.one("SELECT id FROM work_order WHERE ticket_id = %s", int(ticket)))


def second_order(site: live.Site, ticket: str) -> str:
    """Another order of the ticket, for the same trade."""
    opened = site.ask(
        "POST",
        f"/api/v1/tickets/{ticket}/work-orders",
        headers=site.people["dispatcher"],
        json={"trade": site.people["trade"], "reason": "two pairs of hands"},
    )
    assert opened.status == 201, opened.text
    return str(opened.json()["id"])


def held(site: live.Site, order: str, who: str, *steps: str) -> int:
    """Bring an order to somebody and through the steps; the version it ends with."""
    version = site.one("SELECT version FROM work_order WHERE id = %s", int(order))
    answer = assign(site, order, version, assignee=site.people[f"{who}_id"])
    assert answer.status == 200, answer.text
    for step in steps:
        answer = move(site, order, answer.json()["version"], who, to=step)
        assert answer.status == 200, answer.text
    return int(answer.json()["version"])


def test_a_hundred_parallel_posts_with_one_key_make_one_ticket(site: live.Site) -> None:
    before = site.one("SELECT count(*) FROM ticket")
    key = secrets.token_hex(8)
    answers = live.together(*([lambda: site.file(key)] * 100))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert site.one("SELECT count(*) FROM ticket") == before + 1


def test_the_form_sent_many_times_at_once_makes_one_ticket(site: live.Site) -> None:
    before = site.one("SELECT count(*) FROM ticket")
    browser = site.browser("student")
    browser.get("/report")
    key = secrets.token_hex(12)
    category = site.one("SELECT id FROM category WHERE code = %s", site.people["category"])
    sent = {
        "idempotency_key": key,
        choices.GROUP_FIELD: str(category),
        "place_id": site.people["place_id"],
        "description": "水龙头漏水",
    }
    answers = live.together(*([lambda: browser.post("/report", sent)] * 16))
    assert {answer.status for answer in answers} <= {302, 303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert site.one("SELECT count(*) FROM ticket") == before + 1


def test_two_dispatchers_assign_one_order(site: live.Site) -> None:
    for round_number in range(ROUNDS):
        order = order_of(site, site.file().json()["id"])

        def give(at: int, order: str = order, lag: int = round_number) -> Callable[[], live.Answer]:
            who = ("dispatcher", "admin")[at % 2]
            return lambda: assign(site, order, 1, who, assignee=site.people[f"technician{at % 4}_id"])

        answers = live.together(*(give(at) for at in range(CLIENTS)))
        (won,) = [answer for answer in answers if answer.status == 200]
        lost = [answer for answer in answers if answer.status == 412]
        assert len(lost) == CLIENTS - 1, [answer.status for answer in answers]
        assert all(answer.json()["current"]["assignee"] == won.json()["assignee"] for answer in lost)
    doubled = "SELECT 1 FROM offer WHERE outcome IS NULL GROUP BY order_id HAVING count(*) > 1"
    assert site.rows(doubled) == []


@pytest.mark.parametrize(
    ("path", "first", "changes"),
    [
        (
            "/contacts",
            {"name": {"en": "Desk"}, "phone": "8120 0000"},
            {"name": {"en": "Desk {}"}, "purpose": {"en": "For {}"}, "hours": {"en": "At {}"}, "phone": "8120 10{:02}"},
        ),
        (
            "/answers",
            {"title": {"en": "No power"}, "body": {"en": "Look at the breaker"}},
            {"title": {"en": "Title {}"}, "body": {"en": "Body {}"}},
        ),
        (
            "/notices",
            {"kind": "information", "title": {"en": "Power"}, "body": {"en": "None"}},
            {"title": {"en": "Title {}"}, "body": {"en": "Body {}"}},
        ),
    ],
)
def test_changes_of_different_fields_at_once_are_all_kept(
    site: live.Site, path: str, first: dict[str, Any], changes: dict[str, Any]
) -> None:
    """`If-Match: *` is no license to write back what others have changed meanwhile."""
    headers = {**site.people["admin"], "If-Match": "*"}
    made = site.ask("POST", f"/api/v1{path}", headers=site.people["admin"], json=first)
    assert made.status == 201, made.text
    address = f"/api/v1{path}/{made.json()['id']}"

    def put(name: str, value: Any, at: int) -> tuple[Any, Callable[[], live.Answer]]:
        filled = (
            {lang: text.format(at) for lang, text in value.items()} if isinstance(value, dict) else value.format(at)
        )
        return filled, lambda: site.ask("PATCH", address, headers=headers, json={name: filled})

    for at in range(ROUNDS):
        wanted = {name: put(name, value, at) for name, value in changes.items()}
        answers = live.together(*(act for _filled, act in wanted.values()))
        assert {answer.status for answer in answers} == {200}, [answer.text for answer in answers]
        last = max(answers, key=lambda answer: answer.json()["version"]).json()
        for name, (filled, _act) in wanted.items():
            said = filled["en"] if isinstance(filled, dict) and isinstance(last[name], str) else filled
            assert last[name] == said, (at, name)


def test_accept_against_expiry(site: live.Site) -> None:
    """The timer is delivered as the worker would, at the moment in which somebody accepts."""
    outcomes = set()
    for at in range(ROUNDS):
        order = order_of(site, site.file().json()["id"])
        version = held(site, order, "technician0")
        delivery = site.one(
            "SELECT delivery.id FROM outbox_delivery delivery JOIN outbox_event event ON event.id = delivery.event_id "
            "WHERE event.kind = 'OfferExpired' AND event.payload ->> 'order_id' = %s",
            order,
        )
        answers: list[live.Answer] = []
        barrier = threading.Barrier(2)

        def accept(order: str, version: int, barrier: threading.Barrier, answers: list[live.Answer]) -> None:
            barrier.wait()
            answers.append(move(site, order, version, "technician0", to="accepted"))

        client = threading.Thread(target=accept, args=(order, version, barrier, answers))
        client.start()
        barrier.wait()
        time.sleep(at % 6 / 200)  # so that each of the two is first now and then
        with site.inside():
            deliveries.deliver(1, delivery)
        client.join()
        (answer,) = answers
        ((state, holder),) = site.rows("SELECT state, assignee_id FROM work_order WHERE id = %s", int(order))
        offers = site.rows("SELECT outcome FROM offer WHERE order_id = %s", int(order))
        if answer.status == 200:
            assert (state, str(holder)) == ("accepted", site.people["technician0_id"])
            assert offers == [("accepted",)]
        else:
            assert answer.status == 412, answer.text
            assert state == "queued"
            assert offers == [("expired",)]
        outcomes.add(state)
        assert site.one("SELECT done_at IS NOT NULL FROM outbox_delivery WHERE id = %s", delivery)
    assert outcomes


def test_two_orders_of_one_ticket_finished_at_once(site: live.Site) -> None:
    for _ in range(10):
        ticket = site.file().json()["id"]
        first = order_of(site, ticket)
        second = second_order(site, ticket)
        versions = {
            ("technician0", first): held(site, first, "technician0", "accepted", "working"),
            ("technician1", second): held(site, second, "technician1", "accepted", "working"),
        }

        def finish(who: str, order: str, version: int) -> Callable[[], live.Answer]:
            return lambda: move(site, order, version, who, to="done", note="fixed")

        answers = live.together(*(finish(who, order, seen) for (who, order), seen in versions.items()))
        assert [answer.status for answer in answers] == [200, 200]
        assert site.one("SELECT status FROM ticket WHERE id = %s", int(ticket)) == "resolved"
        resolved = site.one(
            "SELECT count(*) FROM ticket_event WHERE ticket_id = %s AND order_id IS NULL AND to_state = 'resolved'",
            int(ticket),
        )
        assert resolved == 1


def test_numbers_are_unique_and_without_gap(site: live.Site) -> None:
    for _ in range(3):
        # every other one is refused after its number was drawn or before: no number may be lost on it
        live.together(
            *([site.file] * CLIENTS),
            *([lambda: site.file(category="nothing-of-the-kind")] * 3),
            *([lambda: site.file(place_id="999999999")] * 3),
        )
    for table in ("ticket", "work_order"):
        drawn = [row[0] for row in site.rows(f"SELECT number FROM {table}")]  # noqa: S608 - two names
        serials = sorted(int("".join(c for c in number.split("-", 1)[1] if c.isdigit())) for number in drawn)
        assert len(set(drawn)) == len(drawn)
        assert serials == list(range(1, len(serials) + 1)), table


def test_two_tabs_change_one_setting(site: live.Site) -> None:
    tabs = [site.browser("admin") for _ in range(CLIENTS)]
    page = tabs[0].get("/settings")
    assert page.status == 200
    for tab in tabs:
        tab.cookie, tab.csrf = tabs[0].cookie, tabs[0].csrf
    for turn in range(10):
        seen = site.one("SELECT coalesce(max(id), 0) FROM setting_value WHERE name = %s", SETTING)

        def save(tab: live.Browser, value: int, seen: int = seen) -> Callable[[], live.Answer]:
            return lambda: tab.post(f"/settings/{SETTING}", {"value": str(value), "seen": str(seen)})

        answers = live.together(*(save(tab, 11 + turn * CLIENTS + at) for at, tab in enumerate(tabs)))
        assert sorted(answer.status for answer in answers) == [302] + [412] * (CLIENTS - 1)
        assert site.one("SELECT count(*) FROM setting_value WHERE name = %s AND id > %s", SETTING, seen) == 1
