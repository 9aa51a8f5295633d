"""Home by role: what waits for whom, and no link that leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.models import PersonHome
from app.core import clock, settings
from app.notifications import services as notifications
from tests.counting import counted
from tests.factories import accounts, tickets
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
    database.add(
        PersonHome(person_id=student.id, place_id=ground.room.id, during=Range(datetime(2020, 1, 1).date(), None))  # noqa: DTZ001 - a day or instant of the past, zone does not matter
    )
    settings.put("portal.duty_phone", "8120 0000", actor_id=None, now=datetime(2026, 1, 1))  # noqa: DTZ001 - a day or instant of the past, zone does not matter
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


def test_an_administrator_sees_the_machinery(login: Callable[..., FlaskClient], ground: tickets.Ground) -> None:
    html = page(login(accounts.person("admin", locale="en")))
    assert "Background work given up" in html
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
