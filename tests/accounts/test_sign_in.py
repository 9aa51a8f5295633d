"""Sign-in: equal answers, waiting after failures, sessions that rotate and end."""

from __future__ import annotations

import re
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.accounts import services
from app.accounts.models import ApiToken, LoginSession, Person, SignInFailure
from app.accounts.services import passwords, sessions
from app.accounts.web import safe_next
from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db, institution_bound
from tests import ground
from tests.factories import accounts

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


def attempt(client: FlaskClient, username: str = "lin", password: str = "wrong", **more: Any) -> Any:
    return client.post("/login", data={"username": username, "password": password}, **more)


def without_tokens(html: str) -> str:
    return re.sub(r'value="[^"]*"|request number.*', "", html)


def test_unknown_name_and_wrong_password_get_one_answer(client: FlaskClient, database: Session) -> None:
    accounts.person(username="lin")
    known = attempt(client)
    unknown = attempt(client, "nobody")
    assert known.status_code == unknown.status_code == 422
    assert without_tokens(known.text) == without_tokens(unknown.text)


def test_an_unknown_name_takes_as_long_as_a_known_one(
    client: FlaskClient, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same work is done: one hash is checked, whoever is named."""
    accounts.person(username="lin")
    accounts.person(username="gone", disabled_at=NOW)
    accounts.person(username="walkin").password_hash = None
    checked: list[str | None] = []
    really = passwords.right

    def note(stored: str | None, password: str) -> bool:
        checked.append(stored)
        return really(stored, password)

    monkeypatch.setattr(passwords, "right", note)
    for name in ("lin", "gone", "walkin", "nobody"):
        attempt(client, name)
    assert len(checked) == 4
    assert checked[2:] == [None, None]


@pytest.mark.parametrize(("locale", "said"), [("en", "Please fill this in."), ("zh-CN", "请填写此项。")])
def test_an_empty_password_is_asked_for(client: FlaskClient, database: Session, locale: str, said: str) -> None:
    headers = {"Accept-Language": locale}
    answer = client.post("/login", data={"username": "ls", "password": ""}, headers=headers)
    assert answer.status_code == 422
    assert said in answer.text
    assert "1000" not in answer.text


def test_an_account_waits_after_five_failures(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.person(username="lin")
    accounts.person(username="wang")
    for _ in range(5):
        assert attempt(client).status_code == 422
    refused = attempt(client, password=accounts.PASSWORD)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "900"
    assert attempt(client, "wang", accounts.PASSWORD).status_code == 302  # the address is counted apart


def test_trying_while_waiting_does_not_lengthen_the_wait(client: FlaskClient, database: Session) -> None:
    accounts.person(username="lin")
    with clock.frozen(NOW):
        for _ in range(5):
            attempt(client)
    with clock.frozen(NOW + timedelta(minutes=14)):
        assert attempt(client).headers["Retry-After"] == "60"
    with clock.frozen(NOW + timedelta(minutes=15, seconds=1)):
        assert attempt(client, password=accounts.PASSWORD).status_code == 302


def test_an_address_waits_after_fifty_failures_over_all_accounts(
    client: FlaskClient, database: Session, frozen: datetime
) -> None:
    accounts.person(username="lin")
    database.add_all(SignInFailure(username=f"n{n}", address="127.0.0.1", at=frozen) for n in range(50))
    database.flush()
    assert attempt(client, password=accounts.PASSWORD).status_code == 429
    elsewhere = attempt(client, password=accounts.PASSWORD, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert elsewhere.status_code == 302


def test_the_right_password_clears_the_account(client: FlaskClient, database: Session) -> None:
    accounts.person(username="lin")
    for _ in range(4):
        attempt(client)
    assert attempt(client, password=accounts.PASSWORD).status_code == 302
    assert database.scalar(select(func.count()).select_from(SignInFailure)) == 0


def test_failures_are_in_the_log(database: Session, frozen: datetime) -> None:
    person = accounts.person(username="lin")
    with pytest.raises(services.SignInFailed):
        services.sign_in("Lin", "wrong", address="10.0.0.1", now=frozen)
    entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "sign-in")).one()
    assert (entry.success, entry.object_id, entry.after) == (False, person.id, {"username": "lin"})


@pytest.mark.parametrize(
    "closed",
    [
        {"disabled_at": NOW},
        {"valid_to": date(2026, 11, 18)},
        {"valid_from": date(2026, 11, 19)},
    ],
)
def test_a_closed_account_does_not_open(
    client: FlaskClient, database: Session, frozen: datetime, closed: dict[str, Any]
) -> None:
    accounts.person(username="lin", **closed)
    assert attempt(client, password=accounts.PASSWORD).status_code == 422


def test_sign_in_rotates_the_session(client: FlaskClient, database: Session, frozen: datetime) -> None:
    """A cookie planted before, or the session of somebody else, is not the one that is signed in."""
    accounts.person(username="lin")
    other = accounts.person()
    accounts.sign_in(client, other)
    with client.session_transaction() as cookie:
        before = cookie["sid"]
        cookie["planted"] = "x"
        cookie["lang"] = "en"
    assert attempt(client, password=accounts.PASSWORD).status_code == 302
    with client.session_transaction() as cookie:
        assert cookie["sid"] != before
        assert "planted" not in cookie
        assert cookie["lang"] == "en"
    old = database.scalars(select(LoginSession).where(LoginSession.person_id == other.id)).one()
    assert old.revoked_at == frozen


@pytest.mark.parametrize(
    ("role", "idle", "absolute"),
    [
        ("dispatcher", timedelta(minutes=30), timedelta(hours=12)),
        ("student", timedelta(days=7), timedelta(days=30)),
    ],
)
def test_sessions_end_by_role(
    client: FlaskClient, database: Session, role: str, idle: timedelta, absolute: timedelta
) -> None:
    accounts.person(role, username="lin")
    with clock.frozen(NOW):
        attempt(client, password=accounts.PASSWORD)

    opened = database.scalars(select(LoginSession)).one()

    def open_at(moment: datetime, last_used: datetime) -> bool:
        opened.last_seen_at = last_used
        database.flush()
        with clock.frozen(moment):
            return client.get("/me").status_code == 200

    second = timedelta(seconds=1)
    assert open_at(NOW + idle - second, NOW)
    assert not open_at(NOW + idle, NOW)
    assert open_at(NOW + absolute - second, NOW + absolute - second)
    assert not open_at(NOW + absolute, NOW + absolute - second)


def test_use_moves_the_idle_end_at_most_once_a_minute(database: Session, frozen: datetime) -> None:
    person = accounts.person()
    services.open_session(person, address=None, device=None, now=frozen)
    opened = database.scalars(select(LoginSession)).one()
    for seconds, noted in ((59, frozen), (61, frozen + timedelta(seconds=61))):
        services.note_seen(opened.id, opened.last_seen_at, frozen + timedelta(seconds=seconds))
        database.refresh(opened)
        assert opened.last_seen_at == noted


def test_a_use_that_cannot_be_noted_hinders_nobody(
    client: FlaskClient, database: Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    person = accounts.person()
    with clock.frozen(NOW):
        accounts.sign_in(client, person)

    def busy() -> None:
        raise SQLAlchemyError("the pool is busy")

    monkeypatch.setattr(sessions, "apart", busy)
    with clock.frozen(NOW + timedelta(minutes=2)):
        assert client.get("/me").status_code == 200
    assert database.scalars(select(LoginSession.last_seen_at)).one() == NOW
    assert "last use not noted" in caplog.messages


def test_a_hash_of_former_parameters_is_renewed_at_sign_in(client: FlaskClient, database: Session) -> None:
    person = accounts.person(username="lin")
    former = person.password_hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(accounts.PASSWORD)
    assert attempt(client, password="wrong").status_code == 422
    assert person.password_hash == former
    assert attempt(client, password=accounts.PASSWORD).status_code == 302
    renewed = person.password_hash
    assert renewed != former
    assert passwords.right(renewed, accounts.PASSWORD)
    assert attempt(client, password=accounts.PASSWORD).status_code == 302
    assert person.password_hash == renewed


def test_an_idle_session_ends(client: FlaskClient, database: Session) -> None:
    accounts.person("dispatcher", username="lin")
    with clock.frozen(NOW):
        attempt(client, password=accounts.PASSWORD)
    with clock.frozen(NOW + timedelta(minutes=31)):
        answer = client.get("/me")
    assert (answer.status_code, answer.location) == (302, "/login?next=/me")


@pytest.mark.parametrize(
    ("shown", "back"),
    [
        ("http://localhost/report?place_id=3", "/report?place_id=3"),
        ("http://localhost/no/such/page", "/"),
        ("https://elsewhere.example/report", "/"),
        ("http://[", "/"),
        (None, "/"),
    ],
)
def test_a_part_of_a_page_leads_back_to_the_page(
    client: FlaskClient, database: Session, shown: str | None, back: str
) -> None:
    """Never to the part, which is no page (or 204, and then nothing seems to happen)."""
    headers = {"HX-Request": "true", **({"HX-Current-URL": shown} if shown else {})}
    for part in ("/crew/day?seen=1", "/report/yourself?place_id=3"):
        answer = client.get(part, headers=headers)
        assert answer.status_code == 401
        asked = urlsplit(answer.headers["HX-Redirect"])
        assert (asked.path, parse_qs(asked.query)["next"]) == ("/login", [back])


def test_signing_out_ends_the_session_on_the_server(client: FlaskClient, database: Session) -> None:
    accounts.person(username="lin")
    attempt(client, password=accounts.PASSWORD)
    with client.session_transaction() as cookie:
        secret = cookie["sid"]
    client.post("/logout")
    with client.session_transaction() as cookie:
        cookie["sid"] = secret
    assert client.get("/me").status_code == 302


@pytest.mark.parametrize(
    ("target", "goes"),
    [
        ("/tickets", "/tickets"),
        ("/tickets?x=1#y", "/tickets?x=1#y"),
        ("", "/"),
        (None, "/"),
        ("//evil.com", "/"),
        ("///evil.com", "/"),
        ("/\\evil.com", "/"),
        ("/a\\b", "/"),
        ("\\/evil.com", "/"),
        ("https:evil.com", "/"),
        ("https://evil.com", "/"),
        ("javascript:alert(1)", "/"),
        ("/\tevil", "/"),
        ("/%0d%0aX: y\r\n", "/"),
        ("tickets", "/"),
    ],
)
def test_next_stays_on_this_site(app: Flask, target: str | None, goes: str) -> None:
    with app.test_request_context():
        assert safe_next(target) == goes


def test_who_is_signed_in_goes_on(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person())
    assert client.get("/login?next=/me").location == "/me"


def test_a_password_set_by_others_opens_only_its_change(client: FlaskClient, database: Session) -> None:
    accounts.person("admin", username="lin", must_change_password=True)
    assert attempt(client, password=accounts.PASSWORD).location == "/me/password"
    for page in ("/", "/people", "/me", "/nowhere"):
        assert client.get(page).status_code in (302, 404)
        assert client.get(page).location in ("/me/password", None)
    good = "vK7-mtq-93x-pLw"
    answer = client.post("/me/password", data={"current": accounts.PASSWORD, "password": good, "again": good})
    assert answer.location == "/me"
    assert client.get("/people").status_code == 200


def test_the_cookie_is_not_for_scripts_or_other_sites(client: FlaskClient, database: Session) -> None:
    accounts.person(username="lin")
    cookie = attempt(client, password=accounts.PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_daily_sweep_keeps_what_counts(database: Session, frozen: datetime) -> None:
    person = accounts.person()
    day = timedelta(days=1)
    database.add_all(SignInFailure(username="n", address="a", at=frozen - age) for age in (day * 2, day / 2))
    for ended in (day * 91, day * 10):
        database.add(
            LoginSession(
                person_id=person.id,
                token_hash=str(ended).encode(),
                created_at=frozen - day * 120,
                last_seen_at=frozen - day * 120,
                idle_seconds=60,
                ends_at=frozen - ended,
            )
        )
    sessions.sweep(frozen)
    assert database.scalar(select(func.count()).select_from(SignInFailure)) == 1
    assert database.scalar(select(func.count()).select_from(LoginSession)) == 1


@pytest.mark.race
def test_parallel_guesses_are_counted(app: Flask, servers: ground.Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty guesses at one moment: no more than five look at the password."""
    looked = []
    really = passwords.right

    def note(stored: str | None, password: str) -> bool:
        looked.append(1)
        return really(stored, password)

    monkeypatch.setattr(passwords, "right", note)
    barrier = threading.Barrier(20)
    answers: list[str] = []

    def guess() -> None:
        with app.app_context(), institution_bound(1):
            barrier.wait()
            try:
                services.sign_in("race", "guess", address="10.1.1.1", now=NOW)
            except services.TooManyFailures:
                answers.append("wait")
            except services.SignInFailed:
                answers.append("wrong")
            finally:
                db.session.rollback()
                db.session.remove()

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(servers.owner_url.replace("+psycopg", "")) as owner:  # only the owner empties the log
        owner.execute("DELETE FROM sign_in_failure WHERE username = 'race'")
        owner.execute("DELETE FROM audit_entry WHERE after ->> 'username' = 'race'")
    assert len(answers) == 20
    assert len(looked) <= 5


def test_disabling_ends_sessions_and_tokens(client: FlaskClient, database: Session, frozen: datetime) -> None:
    person, admin = accounts.person(), accounts.person("admin")
    headers = accounts.token(person)
    accounts.sign_in(client, person)
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    services.people.disable(accounts.actor(admin), person, frozen)
    assert client.get("/me").status_code == 302
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert database.scalars(select(ApiToken.revoked_at)).one() == frozen
    assert database.get_one(Person, (1, person.id)).disabled_at == frozen
