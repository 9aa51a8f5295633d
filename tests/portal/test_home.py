"""Home by role: what waits for whom, and no link that leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import PersonHome
from app.audit.models import AuditEntry
from app.core import clock, settings
from app.notifications import services as notifications
from app.tickets.models import WorkOrder
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import category_versions, extensions, orders
from tests.counting import counted
from tests.factories import accounts, desk, tickets
from tests.factories import notifications as lines
from tests.tickets.walking import deliver


@pytest.fixture
def ground(database: Session) -> tickets.Ground:
    return tickets.Ground()


def page(client: FlaskClient, path: str = "/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def links(html: str) -> set[str]:
    return {
        found.replace("&amp;", "&")
        for found in re.findall(r'href="(/[^"#]*)"', html)
        if not found.startswith("/static")
    }


def test_who_is_not_signed_in_is_asked_to(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.location) == (302, "/login")


def test_a_student_reports_from_the_own_room(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session
) -> None:
    from sqlalchemy.dialects.postgresql import Range

    student = ground.student
    student.locale = "en"
    database.add(PersonHome(person_id=student.id, place_id=ground.room.id, during=Range(date(2020, 1, 1), None)))
    settings.put("portal.duty_phone", "8120 0000", actor_id=None, now=clock.now())
    ground.file()
    html = page(login(student))
    assert "Report a repair" in html
    assert "桃园3栋 · 4层 · 412" in html
    assert "We are looking for a technician" in html or "Accepted" in html
    assert 'href="tel:81200000"' in html
    assert "Dispatch" not in html
    assert "System" not in html


def test_a_student_with_nothing_open_is_told_so(login: Callable[..., FlaskClient], ground: tickets.Ground) -> None:
    ground.student.locale = "en"
    assert "Nothing is open" in page(login(ground.student))


def test_a_technician_sees_offers_and_what_is_in_hand(
    login: Callable[..., FlaskClient], ground: tickets.Ground
) -> None:
    technician = ground.technician()
    technician.locale = "en"
    assert "Nothing to do right now" in page(login(technician))
    ground.file()
    deliver()
    html = page(login(technician))
    assert "Offered to you" in html
    assert "Tap" in html
    assert 'class="hero"' not in html


def test_a_dispatcher_sees_what_waits(login: Callable[..., FlaskClient], ground: tickets.Ground) -> None:
    ground.dispatcher.locale = "en"
    ground.file(place_text="外面")
    ground.file()
    deliver()
    html = page(login(ground.dispatcher))
    assert re.search(r"New requests to look at</a></dt><dd[^>]*>1<", html)
    assert re.search(r"Orders nobody can take now(</a>)?</dt><dd[^>]*>1<", html)


def test_an_offer_that_ran_out_is_counted(
    login: Callable[..., FlaskClient], ground: tickets.Ground, now: datetime
) -> None:
    ground.dispatcher.locale = "en"
    ground.technician()
    with clock.frozen(now):
        ground.file()
        deliver()
    deliver(now + timedelta(minutes=30))
    html = page(login(ground.dispatcher))
    assert re.search(r"an offer ran out</a></dt><dd[^>]*>1<", html)


def test_a_dorm_manager_sees_what_waits_in_the_own_houses(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session, now: datetime
) -> None:
    keeper = accounts.person("dormmanager", scope_kind="building", scope_id=ground.building.id, locale="en")
    elsewhere = accounts.person("dormmanager", scope_kind="building", scope_id=10**6, locale="en")
    editor = accounts.actor(accounts.person("admin"))
    category_versions.write(ground.category, actor=editor, now=now, demands={"third_party": True})
    technician = accounts.actor(ground.technician())
    done, waits = ground.file(), ground.file()
    deliver()
    order = database.scalars(select(WorkOrder).where(WorkOrder.ticket_id == done.id)).one()
    for act in (OrderAct.ACCEPT, OrderAct.START, OrderAct.DONE):
        orders.act(actor=technician, now=now, order_id=order.id, act=act, seen=None, note="x")
    database.flush()
    html = page(login(keeper))
    assert re.search(r'href="/tickets/to-accept">To accept</a></dt><dd class="is-soon">1<', html)
    assert re.search(r"Waiting for a technician</a></dt><dd>1<", html), waits
    assert re.search(r"To accept</a></dt><dd>0<", page(login(elsewhere)))


def test_a_supervisor_sees_what_waits_for_a_decision(
    login: Callable[..., FlaskClient], ground: tickets.Ground, now: datetime
) -> None:
    supervisor = accounts.person("supervisor", locale="en")
    filed = ground.file()
    extensions.ask(
        actor=accounts.actor(ground.dispatcher),
        now=now,
        ticket_id=filed.id,
        until=now + timedelta(days=30),
        reason="配件",
    )
    html = page(login(supervisor))
    assert re.search(r'href="/more-time">More time to decide on</a></dt><dd class="is-soon">1<', html)
    assert re.search(r"Rework to give to somebody</a></dt><dd>0<", html)
    ground.dispatcher.locale = "en"
    assert "More time to decide on" not in page(login(ground.dispatcher))


def test_the_registry_sees_its_lists_and_who_cannot_import_sees_none(
    login: Callable[..., FlaskClient], database: Session, now: datetime
) -> None:
    lost = accounts.person("student")
    lost.missing_since = now
    database.flush()
    html = page(login(accounts.person("registry", locale="en")))
    assert "Imports waiting for your approval" in html
    assert re.search(r"People missing from the last list</a></dt><dd[^>]*>1<", html)
    assert 'href="/imports/new"' in html
    other = page(login(accounts.person("energy", locale="en")))
    assert "/imports" not in other


def test_an_administrator_sees_the_machinery(login: Callable[..., FlaskClient], ground: tickets.Ground) -> None:
    html = page(login(accounts.person("admin", locale="en")))
    assert "Background work parked" in html
    assert "These parts do not answer" in html, "no worker runs beside the tests"


@pytest.mark.parametrize(
    "role",
    ["student", "teacher", "technician", "contractor", "dispatcher", "dutylead", "supervisor", "dormmanager",
     "registry", "counsellor", "energy", "finance", "leader", "admin"],
)  # fmt: skip
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_link_of_every_home_leads_somewhere(
    login: Callable[..., FlaskClient], ground: tickets.Ground, role: str, locale: str
) -> None:
    person = accounts.person(role, locale=locale)
    if role != "contractor":
        ground.file(by=person)
    client = login(person)
    for path in sorted(links(page(client))):
        answer = client.get(path)
        assert answer.status_code in (200, 304), f"{role}: {path} answers {answer.status_code}"


@pytest.mark.parametrize("role", ["student", "technician", "contractor", "dispatcher", "admin"])
def test_the_bar_of_the_phone_has_at_most_four_places(
    login: Callable[..., FlaskClient], database: Session, role: str
) -> None:
    html = page(login(accounts.person(role)))
    bar = re.search(r'<nav class="tabs".*?</nav>', html, re.DOTALL)
    assert bar is not None
    assert 2 <= bar[0].count("<a ") <= 4


def test_the_bell_counts_what_is_new(login: Callable[..., FlaskClient], ground: tickets.Ground, now: datetime) -> None:
    ground.student.locale = "en"
    for _ in range(3):
        lines.notification(ground.student.id)
    bell = re.compile(r'<span class="vh">Inbox</span><span class="n">3</span>')
    assert bell.search(page(login(ground.student)))
    notifications.mark_all_read(ground.student.id, now, up_to=2**62)
    assert not bell.search(page(login(ground.student)))


def test_the_number_of_statements_does_not_grow(
    login: Callable[..., FlaskClient], ground: tickets.Ground, database: Session
) -> None:
    person = accounts.person("dutylead")
    ground.technician()
    client = login(person)

    def asked(requests: int) -> int:
        for _ in range(requests):
            ground.file(by=person)
        database.commit()
        with counted() as seen:
            page(client)
        return len(seen)

    asked(3)
    first = asked(0)
    assert asked(20) == first
    assert first <= 20, first


def test_the_language_is_kept_for_the_browser_and_the_person(
    client: FlaskClient, login: Callable[..., FlaskClient], database: Session
) -> None:
    client.post("/language", data={"locale": "en", "next": "/login"})
    assert 'lang="en"' in page(client, "/login")
    person = accounts.person("student", locale="zh-CN")
    browser = login(person)
    assert browser.post("/language", data={"locale": "en", "next": "//evil.example"}).location == "/"
    assert 'lang="en"' in page(browser)
    database.refresh(person)
    assert person.locale == "en"
    (entry,) = database.scalars(select(AuditEntry).where(AuditEntry.verb == "person.edit")).all()
    assert (entry.actor_id, entry.before, entry.after) == (person.id, {"locale": "zh-CN"}, {"locale": "en"})
    refused = browser.post(
        "/report", data={"description": "x"}, headers={"Referer": "http://localhost/report?place_id=1"}
    )
    assert 'name="next" value="/report?place_id=1"' in refused.text, "the page a refused form stood on"
    assert 'name="next" value="/report"' in browser.post("/report", data={"description": "x"}).text
    browser.post("/language", data={"locale": "xx"})
    database.refresh(person)
    assert person.locale == "en"


def test_the_components_are_for_demo_and_tests(client: FlaskClient, app: Any) -> None:
    assert client.get("/design").status_code == 200
    app.config["DEMO"] = False
    try:
        assert client.get("/design").status_code == 404
    finally:
        app.config["DEMO"] = True


def test_one_entry_of_the_navigation_is_the_present_one(login: Callable[..., FlaskClient], database: Session) -> None:
    client = login(accounts.person("admin"))
    for path, name in (("/operations/mail/log", "/operations/mail"), ("/operations/parked", "/operations")):
        rail = re.search(r'<nav class="rail".*?</nav>', page(client, path), re.DOTALL)
        assert rail is not None
        assert re.findall(r'<a href="([^"]+)"[^>]* aria-current="page"', rail[0]) == [name]


def test_whoever_only_reads_reports_sees_their_head_figures(
    login: Callable[..., FlaskClient], ground: tickets.Ground, frozen: datetime
) -> None:
    """Leadership: what was filed, repaired, promised and rated in thirty days, what is open; each with its report."""
    for _ in range(3):
        ground.file()
    client = login(accounts.person("leader", locale="en"))
    html = page(client)
    section = html[html.index("Repairs, last 30 days") :]
    figures = re.findall(r'<dt><a href="([^"]+)">([^<]+)</a></dt><dd><b>([^<]+)</b>', section)
    assert [(label, value) for _url, label, value in figures] == [
        ("Requests filed", "3"),
        ("Repair", "–"),
        ("Promises kept", "–"),
        ("Fixed at the first visit", "–"),
        ("Rated", "–"),
        ("Open requests", "3"),
    ]
    for url, label, _value in figures:
        assert label in page(client, url.replace("&amp;", "&").partition("#")[0]), "and the report says the same"
    assert "/technicians/fairness" not in html, "people by name are for those who plan them"
    for role in ("dispatcher", "technician"):
        assert "Repairs, last 30 days" not in page(login(accounts.person(role, locale="en")))


def test_somebody_of_one_building_sees_the_figures_of_that_building(
    login: Callable[..., FlaskClient], ground: tickets.Ground, frozen: datetime
) -> None:
    ground.file()
    elsewhere = tickets.place("building", "梅园1栋", ground.campus)
    manager = accounts.person("dormmanager", scope_kind="building", scope_id=elsewhere.id, locale="en")
    section = page(login(manager)).partition("Repairs, last 30 days")[2]
    assert re.findall(r"<b>([^<]+)</b>", section)[:6] == ["0", "–", "–", "–", "–", "0"]


@pytest.mark.parametrize("role", ["counsellor", "energy", "finance"])
def test_who_may_only_report_has_a_home_of_use_without_anybody_elses_requests(
    role: str, login: Callable[..., FlaskClient], ground: tickets.Ground, frozen: datetime
) -> None:
    """Their grants read no requests and no reports yet: own requests, answers, feedback, notices, contacts."""
    desk.contact(emergency=True)
    person = accounts.person(role, locale="en")
    mine, other = ground.file(by=person, description="own words"), ground.file()
    client = login(person)
    html = page(client)
    assert {"/report", "/answers", "/notices", "/feedback/new", "/contacts"} <= links(html)
    for section in ("Report a repair", "My requests", "Campus", "Duty desk"):
        assert section in html
    assert f"/tickets/{mine.id}" in html
    assert f"/tickets/{other.id}" not in html
    assert client.get(f"/tickets/{other.id}").status_code == 404
    assert client.get("/reports").status_code == 403
    for path in links(html):
        assert client.get(path).status_code in (200, 302), path
