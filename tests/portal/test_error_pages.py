"""Every refusal as a page and as problem+json, in both languages, with a request number and a way on."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core import logs
from app.core.http import problems
from tests.factories import accounts

ENGLISH = {"Accept-Language": "en"}  # the body comes before anybody is known: the browser's language holds
FORM = "application/x-www-form-urlencoded"
STATUSES = (400, 403, 404, 405, 406, 408, 409, 412, 413, 415, 422, 428, 429, 500, 503)


@pytest.mark.parametrize(
    ("came", "again"),
    [
        ("http://localhost/login?next=/report", "/login?next=/report"),
        ("http://localhost/crew/1/done", "/"),  # can only be sent to
        ("http://localhost//evil.example/", "/"),
        ("http://evil.example/login", "/"),
        ("http://[", "/"),
        (None, "/"),
    ],
)
def test_what_was_sent_in_vain_leads_back_to_its_page(client: FlaskClient, came: str | None, again: str) -> None:
    headers = {**ENGLISH, **({} if came is None else {"Referer": came})}
    page = client.post("/login", data=b"username=%ff", content_type=FORM, headers=headers)
    assert page.status_code == 422
    assert f'href="{again}"' in page.text.split("Go back and change it")[0].rsplit("<a ", 1)[1]


@pytest.mark.parametrize(
    ("asked", "back"),
    [
        ("first=2026-12-05&last=2026-11-01&trade=3", "/reports?first=2026-12-05&amp;trade=3"),
        ("by=nothing", "/reports"),
    ],
)
def test_what_was_asked_in_vain_leads_back_to_its_filters(
    client: FlaskClient, database: Session, asked: str, back: str
) -> None:
    """Without those that were refused."""
    accounts.sign_in(client, accounts.person("supervisor", locale="en"))
    page = client.get(f"/reports?{asked}")
    assert page.status_code == 422
    assert f'href="{back}"' in page.text.split("Go back and change it")[0].rsplit("<a ", 1)[1]


@pytest.mark.parametrize("tag", ["zh-CN", "en"])
@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_page_and_a_document(app: Flask, status: int, tag: str) -> None:
    token = logs.request_id.set("request-0001")
    try:
        with app.test_request_context("/x", headers={"Accept-Language": tag}):
            page = problems.render(status, code="x")
        with app.test_request_context("/api/v1/x", headers={"Accept-Language": tag}):
            document = problems.render(status, code="x")
    finally:
        logs.request_id.reset(token)
    html = page.get_data(as_text=True)
    assert page.status_code == document.status_code == status
    assert f'<html lang="{tag}"' in html
    assert "request-0001" in html
    assert 'href="/"' in html
    body = document.get_json(force=True)
    assert document.mimetype == "application/problem+json"
    assert {"type", "title", "status", "detail", "request_id"} <= set(body)
    assert body["title"] in html
    assert body["detail"]
    assert ("errors" in body) is (status == 422)


@pytest.fixture
def browser(login: Callable[..., FlaskClient]) -> FlaskClient:
    return login(accounts.person("student", locale="en"))


def said(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_400_a_form_without_its_token(browser: FlaskClient, app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = browser.post("/notifications/read")
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 400
    assert "Load the page again" in said(answer)


def test_401_leads_to_the_sign_in_and_back(client: FlaskClient) -> None:
    answer = client.get("/tickets?status=open")
    assert answer.status_code == 302
    assert answer.location == "/login?next=/tickets?status%3Dopen"
    assert client.post("/notifications/read").location == "/login"
    live = client.get("/crew/day", headers={"HX-Request": "true"})
    assert (live.status_code, live.headers["HX-Redirect"][:6]) == (401, "/login")
    document = client.get("/api/v1/me", headers=ENGLISH)
    assert (document.status_code, document.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert document.json["detail"].startswith("Send a valid token"), "a program has no page to sign in at"


def test_403_404_405(browser: FlaskClient) -> None:
    assert "This is not open to you" in said(browser.get("/settings"))
    assert "Nothing is here" in said(browser.get("/no/such/page"))
    answer = browser.delete("/notifications")
    assert (answer.status_code, "GET" in answer.headers["Allow"]) == (405, True)
    document = browser.patch("/api/v1/me", headers=accounts.token(accounts.person("student")))
    assert (document.status_code, document.mimetype) == (405, "application/problem+json")


def test_408_a_body_that_does_not_arrive(browser: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "BODY_SECONDS", 0.1)
    hung_up = threading.Event()

    class Stalled(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            hung_up.wait(30)
            return b""

    answer = browser.post("/notifications/read", input_stream=Stalled(b"to=1234567"))
    hung_up.set()
    assert answer.status_code == 408
    assert answer.headers["Connection"] == "close"
    assert "connection is slow" in said(answer)


def test_413_a_body_that_is_too_large(browser: FlaskClient) -> None:
    answer = browser.post("/notifications/read", data={"up_to": "x" * 3_000_000}, headers=ENGLISH)
    assert answer.status_code == 413
    assert "2 MB at most" in said(answer)
    assert "smaller" in said(answer)
    content = b'{"x": "' + b"x" * 3_000_000 + b'"}'
    answer = browser.post("/notifications/read", data=content, content_type="application/json", headers=ENGLISH)
    assert answer.status_code == 413
    assert "2 MB at most. Send less at a time" in said(answer), "who sent JSON sent no files"


@pytest.fixture
def failing(app: Flask) -> Iterator[Callable[[BaseException], None]]:
    """Let the inbox fail as told; errors are answered, not raised."""
    usual = app.view_functions["notifications.choices"]

    def fail(error: BaseException) -> None:
        def view() -> Any:
            raise error

        view.policy = usual.policy
        app.view_functions["notifications.choices"] = view

    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield fail
    app.view_functions["notifications.choices"] = usual
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = None


def test_500_says_nothing_of_the_cause(browser: FlaskClient, failing: Callable[[BaseException], None]) -> None:
    failing(RuntimeError("secret detail"))
    answer = browser.get("/notifications/choices")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in said(answer)
    assert "secret detail" not in said(answer)
    assert "Traceback" not in said(answer)


def test_503_when_the_database_is_gone(browser: FlaskClient, failing: Callable[[BaseException], None]) -> None:
    failing(OperationalError("SELECT 1", {}, Exception("server closed the connection")))
    answer = browser.get("/notifications/choices")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "Nothing was lost" in said(answer)
