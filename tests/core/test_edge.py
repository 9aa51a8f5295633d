"""The edge: sign-in, commit rule, refusals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import MapAdapter

from app.accounts.models import LoginSession, Person, SignInFailure
from app.audit.models import AuditEntry
from tests.counting import counted
from tests.editing import save
from tests.factories import accounts


def test_a_person_signs_in_and_out(client: FlaskClient, database: Session) -> None:
    accounts.person("student", username="lin")
    answer = client.post("/login", data={"username": "Lin", "password": accounts.PASSWORD})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    assert answer.location == "/"
    assert client.get("/login").status_code == 302
    assert client.post("/logout").status_code == 302
    assert database.scalars(select(LoginSession.revoked_at)).one() is not None


def test_a_wrong_password_is_counted_and_says_nothing_more(client: FlaskClient, database: Session) -> None:
    accounts.person("student", username="lin")
    known = client.post("/login", data={"username": "lin", "password": "wrong"})
    unknown = client.post("/login", data={"username": "nobody", "password": "wrong"})
    assert known.status_code == unknown.status_code == 422
    assert database.query(SignInFailure).count() == 2


def test_api_without_token_is_401_problem(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nowhere")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("number", ["0", "9223372036854775808", "1" * 5000, "١", "-1", "1.0", "%201"])
def test_what_no_id_can_be_is_not_there(client: FlaskClient, number: str) -> None:
    assert client.post(f"/notifications/{number}/open").status_code == 404


def test_a_refused_route_says_so_and_is_logged(client: FlaskClient, database: Session) -> None:
    """Kept apart in the log, because the refused request itself rolls back."""
    person = accounts.person("student", locale="en")
    accounts.sign_in(client, person)
    page = client.get("/audit")
    assert page.status_code == 403
    assert page.headers["X-Request-ID"] in page.text
    entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "refused")).one()
    assert (entry.success, entry.actor_id, entry.after) == (
        False,
        person.id,
        {"method": "GET", "endpoint": "audit.entries"},
    )


def test_who_is_not_signed_in_is_led_to_the_door(client: FlaskClient, database: Session) -> None:
    assert client.get("/people?q=x").location == "/login?next=/people?q%3Dx"
    shown = {"HX-Request": "true", "HX-Current-URL": "http://localhost/people"}
    fragment = client.get("/people?part", headers=shown)
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, "/login?next=/people")
    posted = client.post("/crews/new", data={"code": "X"})
    assert (posted.status_code, posted.location) == (302, "/login")


def test_a_refusal_rolls_back_what_came_before_it(client: FlaskClient, database: Session) -> None:
    """One commit, at the end of a request that succeeded (architecture.md rule 3)."""
    admin, target = accounts.person("admin"), accounts.person(name="甲")
    accounts.sign_in(client, admin)
    other = accounts.person(username="taken")
    assert other.username == "taken"
    refused = save(client, f"/people/{target.id}/edit", {"name": "乙", "username": "taken"})
    assert refused.status_code == 422
    database.expire_all()
    assert database.get_one(Person, (1, target.id)).name == "甲"


def test_getting_never_writes(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin"))
    client.get("/people")
    with counted() as statements:
        for address in ("/people", "/roles", "/crews", "/orgs", "/audit", "/me", "/me/sessions", "/me/tokens"):
            assert client.get(address).status_code == 200
    assert [each for each in statements if not each.lstrip().upper().startswith(("SELECT", "WITH"))] == []


def test_a_form_needs_its_token(app: Flask, client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person("admin"))
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for address in ("/crews/new", "/logout", "/me", "/people/new"):
            assert client.post(address, data={"code": "X", "name_en": "X"}).status_code == 400
        assert client.post("/api/v1/tokens", json={"username": "a", "password": "b"}).status_code == 401
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_pages_say_what_a_browser_may_do(client: FlaskClient, database: Session) -> None:
    headers = client.get("/login").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "'unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert {"Cookie", "Accept-Language"} <= set(headers["Vary"].split(", "))


def test_a_refused_form_is_there_again_when_one_goes_back(client: FlaskClient, database: Session) -> None:
    """With `no-store` a browser asks whether to send the form again; nothing else is kept.

    It is kept by the cookie, which therefore stays the same from page to page.
    """
    refused = client.post("/login", data={"username": "", "password": ""})
    assert refused.status_code == 422
    assert refused.headers["Cache-Control"] == "private, no-cache"
    assert client.post("/api/v1/tokens", json={}).headers["Cache-Control"] == "no-store"
    accounts.sign_in(client, accounts.person("student"))
    for page in ("/", "/tickets", "/me"):
        assert "Set-Cookie" not in client.get(page).headers


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000, b'{"place_id": ' + b"9" * 5000 + b"}"])
def test_json_no_machine_reads_is_refused(client: FlaskClient, database: Session, body: bytes) -> None:
    headers = {**accounts.token(accounts.person("student")), "Idempotency-Key": "deep"}
    answer = client.post("/api/v1/tickets", data=body, headers=headers, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_an_unknown_name_in_a_query_is_refused(client: FlaskClient, database: Session) -> None:
    answer = client.get("/api/v1/tickets?sttus=closed", headers=accounts.token(accounts.person("student")))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "sttus")


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("tickets.index", {}),
        ("tickets.index", {"mine": 1}),
        ("tickets.index", {"mine": True}),
        ("tickets.index", {"mine": "1", "q": "a&b ü", "status": None}),
        ("tickets.index", {"q": ["a", "b"]}),
        ("tickets.show", {"ticket_id": 7, "_anchor": "log"}),
        ("tickets.show", {"ticket_id": 7, "_external": True}),
    ],
)
def test_addresses_are_as_flask_builds_them(app: Flask, endpoint: str, values: dict[str, object]) -> None:
    """Also the second time, and beside values that are equal in Python and different in an address."""
    for method in ("GET", "POST"):
        with app.test_request_context("/", method=method):
            expected = Flask.url_for(app, endpoint, **values)
            assert [url_for(endpoint, **values) for _time in range(2)] == [expected, expected]


def test_an_address_is_built_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    usual = MapAdapter.build

    def counting(adapter: MapAdapter, *of: Any, **named: Any) -> str:
        built.append(of)
        return usual(adapter, *of, **named)

    monkeypatch.setattr(MapAdapter, "build", counting)
    with app.test_request_context("/"):
        assert {url_for("tickets.show", ticket_id=987_654_321) for _time in range(3)} == {"/tickets/987654321"}
    assert len(built) == 1


@pytest.mark.parametrize("host", ["evil.example", "repairs.example.edu.evil.example", "x" * 300])
def test_a_forged_host_name_is_refused(
    app: Flask, client: FlaskClient, database: Session, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Nothing is built from a name that is not the site's: no page, no link in a mail, no answer of the API."""
    monkeypatch.setitem(app.config, "TRUSTED_HOSTS", ["repairs.example.edu"])
    assert client.get("/login", headers={"Host": "repairs.example.edu"}).status_code == 200
    for where in ("/", "/login", "/api/v1/me", "/nowhere"):
        answer = client.get(where, headers={"Host": host})
        assert answer.status_code == 400, where
        assert "evil" not in answer.text
    assert client.get("/api/v1/me", headers={"Host": host}).mimetype == "application/problem+json"
