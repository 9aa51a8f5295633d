"""The inbox, the choices and the kept mail, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.notifications import queries, services
from app.notifications.models import Notification
from tests.counting import counted
from tests.editing import save
from tests.factories import accounts
from tests.factories import notifications as factory


@pytest.fixture
def lin(database: Session) -> Person:
    return accounts.person("student", username="lin", locale="en")


@pytest.fixture
def browser(login: Callable[..., FlaskClient], lin: Person) -> FlaskClient:
    return login(lin)


def test_the_inbox_is_in_the_readers_language(browser: FlaskClient, lin: Person) -> None:
    factory.notification(lin.id)
    page = browser.get("/notifications").get_data(as_text=True)
    assert "R26-000123 is closed: Tap is leaking, 桃园 3 号楼 412." in page
    assert "Mark all as read" in page


def test_an_empty_inbox_says_so(browser: FlaskClient) -> None:
    assert "Nothing yet" in browser.get("/notifications").get_data(as_text=True)
    assert "You have seen everything" in browser.get("/notifications?unread=1").get_data(as_text=True)


def test_opening_notes_that_it_was_read_and_goes_there(browser: FlaskClient, lin: Person) -> None:
    line = factory.notification(lin.id)
    answer = browser.post(f"/notifications/{line.id}/open")
    assert (answer.status_code, answer.location) == (302, "/tickets/1")
    assert queries.unread(lin.id) == 0
    bare = factory.notification(lin.id, link=None)
    assert browser.post(f"/notifications/{bare.id}/open").location == "/notifications"


def test_somebody_elses_line_is_not_there(browser: FlaskClient) -> None:
    other = factory.notification(accounts.person("student").id)
    assert browser.post(f"/notifications/{other.id}/open").status_code == 404


def test_all_read(browser: FlaskClient, lin: Person) -> None:
    line = factory.notification(lin.id)
    browser.post("/notifications/read", data={"up_to": "nonsense"})
    assert queries.unread(lin.id) == 1
    browser.post("/notifications/read", data={"up_to": str(line.id)})
    assert queries.unread(lin.id) == 0


def test_pages_follow_each_other(browser: FlaskClient, lin: Person, database: Session) -> None:
    for number in range(53):
        factory.notification(lin.id, number=f"R26-{number:06d}")
    first = browser.get("/notifications").get_data(as_text=True)
    assert "R26-000052" in first
    assert "R26-000002" not in first
    cursor = queries.inbox(lin.id, None).next
    second = browser.get(f"/notifications?cursor={cursor}").get_data(as_text=True)
    assert "R26-000002" in second


def test_the_number_of_statements_does_not_grow(browser: FlaskClient, lin: Person, database: Session) -> None:
    def asked(lines: int) -> int:
        for _ in range(lines):
            factory.notification(lin.id)
        database.expire_all()
        with counted() as seen:
            assert browser.get("/notifications").status_code == 200
        return len(seen)

    asked(1)  # fills the caches of a process
    assert asked(1) == asked(40)


def test_a_hundred_unread_lines_are_told_as_more_than_99(browser: FlaskClient, lin: Person) -> None:
    for _ in range(queries.COUNTED):
        factory.notification(lin.id)
    for path in ("/notifications", "/notifications?unread=1"):
        page = browser.get(path)
        assert page.status_code == 200
        assert '<span class="views__n">99+</span>' in page.text
        assert ">100<" not in page.text


def test_choices_are_kept(browser: FlaskClient, lin: Person) -> None:
    page = browser.get("/notifications/choices").get_data(as_text=True)
    assert "A request is accepted" in page
    assert "An order is offered to me" not in page
    assert save(browser, "/notifications/choices", {"mail": ["ticket-accepted"]}).status_code == 302
    chosen = queries.chosen(lin.id, services.EMAIL)
    assert chosen["ticket-accepted"] is True
    assert chosen["ticket-resolved"] is False
    assert "order-offered" not in chosen


def test_kept_mail_is_for_those_who_may(browser: FlaskClient, login: Callable[..., FlaskClient], now: datetime) -> None:
    for path in ("/operations/mail", "/operations/mail/1", "/operations/mail/log"):
        assert browser.get(path).status_code == 403
    admin = login(accounts.person("admin", locale="en"))
    assert "No mail is kept" in admin.get("/operations/mail").get_data(as_text=True)
    person = accounts.person("student")
    line = factory.notification(person.id)
    words = {
        "message_id": "1@x", "to_name": "<b>Lin", "to_address": "lin@example.edu", "subject": "Hello", "lang": "en",
        "body_text": "First\n\nSecond", "body_html": "<script>alert(1)</script>",
    }  # fmt: skip
    services.keep(line.id, words, now)
    services.keep(line.id, words, now)
    (mail,) = queries.kept(None).items
    listed = admin.get("/operations/mail").get_data(as_text=True)
    assert "&lt;b&gt;Lin" in listed
    shown = admin.get(f"/operations/mail/{mail.id}").get_data(as_text=True)
    assert "First\n\nSecond" in shown
    assert "<script>alert" not in shown
    assert admin.get("/operations/mail/999999").status_code == 404


def test_the_log_shows_how_mail_fared(login: Callable[..., FlaskClient], now: datetime) -> None:
    admin = login(accounts.person("admin", locale="en"))
    assert "No mail was ordered yet" in admin.get("/operations/mail/log").get_data(as_text=True)
    person = accounts.person("student")
    person.email = "lin@example.edu"
    services.notify([person.id], "ticket-resolved", factory.DATA, None, now, key="k")
    page = admin.get("/operations/mail/log").get_data(as_text=True)
    assert "l***@example.edu" in page
    assert "Waiting" in page


def test_the_api_gives_the_own_inbox(client: FlaskClient, lin: Person) -> None:
    line = factory.notification(lin.id)
    headers = accounts.token(lin) | {"Accept-Language": "zh-CN"}
    body: dict[str, Any] = client.get("/api/v1/notifications?unread=true", headers=headers).get_json()
    assert body["next"] is None
    (item,) = body["items"]
    assert (item["id"], item["link"], item["read_at"]) == (str(line.id), "/tickets/1", None)
    assert "水龙头漏水" in item["text"]
    read = client.post(f"/api/v1/notifications/{line.id}/read", headers=headers)
    assert read.status_code == 200
    assert read.get_json()["read_at"] is not None
    assert client.post("/api/v1/notifications/999999/read", headers=headers).status_code == 404
    assert client.get("/api/v1/notifications").status_code == 401


def test_institution_of_a_line_is_bound(database: Session, lin: Person) -> None:
    factory.notification(lin.id)
    assert database.scalars(select(Notification.institution_id)).one() == 1
