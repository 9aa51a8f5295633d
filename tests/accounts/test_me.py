"""What people do with their own account."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import queries, services
from app.accounts.models import ApiToken, LoginSession, SignInFailure
from app.core import clock
from tests.editing import fields_of, save
from tests.factories import accounts, sites

GOOD = "vK7-mtq-93x-pLw"


def test_the_own_page_shows_what_is_known(client: FlaskClient, database: Session, frozen: datetime) -> None:
    person = accounts.person("student", name="林晓", locale="en")
    accounts.number(person, "20231234")
    room = sites.room()
    accounts.home(person, room.id)
    accounts.member_of(person, accounts.org_unit("计算机学院"))
    accounts.sign_in(client, person)
    html = client.get("/me").text
    for text in ("林晓", "20231234", room.path, "计算机学院", "Student"):
        assert text in html


def test_language_mail_and_telephone(client: FlaskClient, database: Session, frozen: datetime) -> None:
    person = accounts.person("student")
    accounts.sign_in(client, person)
    data = {"locale": "en", "email": "lin@example.edu.cn", "phone": "138 0000 1111"}
    assert save(client, "/me", data).status_code == 302
    assert (person.locale, person.email, person.phone) == ("en", "lin@example.edu.cn", "138 0000 1111")
    page = client.get("/me").text
    assert '<html lang="en"' in page
    assert "Saved." in page, "said in the language that was chosen, not in the one before"
    bad = client.post("/me", data={"email": "no\r\nBcc: x@y", "phone": "call me"})
    assert bad.status_code == 422
    assert bad.text.count('class="field__error"') == 2
    assert save(client, "/me", {}).status_code == 302
    assert (person.locale, person.email) == (None, None)


def test_what_an_older_list_has_brought_hinders_no_change(client: FlaskClient, database: Session) -> None:
    person = accounts.person("student")
    person.phone, person.email = "12", "notmail"
    database.flush()
    accounts.sign_in(client, person)
    assert save(client, "/me", {"locale": "en", "phone": "12", "email": "notmail"}).status_code == 302
    assert person.locale == "en"
    assert save(client, "/me", {"locale": "en", "phone": "11", "email": "notmail"}).status_code == 422


def test_changing_the_password(client: FlaskClient, database: Session, frozen: datetime) -> None:
    person = accounts.person("student", username="lin", locale="en")
    elsewhere = services.open_session(person, address=None, device=None, now=frozen)
    headers = accounts.token(person)
    accounts.sign_in(client, person)
    url = "/me/password"
    assert client.get(url).status_code == 200

    def change(current: str = accounts.PASSWORD, password: str = GOOD, again: str | None = None) -> tuple[int, str]:
        answer = client.post(
            url, data={"current": current, "password": password, "again": again if again is not None else password}
        )
        assert password not in answer.text
        return answer.status_code, answer.text

    assert "The two do not agree" in change(again="other")[1]
    assert "This is not your present password" in change(current="wrong")[1]
    assert "at least 12 characters" in change(password="vK7-mtq-93x")[1]
    assert "easy to guess" in change(password="lin-password-2026")[1]
    assert "This is the present password" in change(password=accounts.PASSWORD)[1]
    with client.session_transaction() as cookie:
        before = cookie["sid"]
    assert change()[0] == 302
    with client.session_transaction() as cookie:
        assert cookie["sid"] != before
    assert client.get("/me").status_code == 200  # this browser stays
    assert queries.session_row(queries.token_digest(elsewhere), frozen) is None
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    client.post("/logout")
    assert client.post("/login", data={"username": "lin", "password": GOOD}).status_code == 302


def test_guessing_the_present_password_is_throttled(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person(username="lin"))
    database.add_all(SignInFailure(username="lin", address="10.0.0.7", at=frozen) for _ in range(5))
    answer = client.post("/me/password", data={"current": accounts.PASSWORD, "password": GOOD, "again": GOOD})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"


def test_a_right_password_is_no_failure_whatever_else_is_refused(
    client: FlaskClient, database: Session, frozen: datetime
) -> None:
    accounts.sign_in(client, accounts.person(username="lin", locale="en"))
    for _ in range(7):
        answer = client.post("/me/password", data={"current": accounts.PASSWORD, "password": "short", "again": "short"})
        assert answer.status_code == 422
    assert client.post("/logout").status_code in (302, 303)
    assert client.post("/login", data={"username": "lin", "password": accounts.PASSWORD}).status_code == 302


def test_sessions_of_mine(client: FlaskClient, database: Session, frozen: datetime) -> None:
    person, other = accounts.person(locale="en"), accounts.person()
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17) MicroMessenger/8.0"
    for owner, device in ((person, phone), (person, "curl"), (other, None)):
        services.open_session(owner, address="10.0.0.1", device=device, now=frozen)
    accounts.sign_in(client, person)
    page = client.get("/me/sessions").text
    assert "WeChat · iPhone" in page
    assert "Unknown device" in page
    rows = {each.device: each for each in database.scalars(select(LoginSession))}
    foreign = database.scalars(select(LoginSession).where(LoginSession.person_id == other.id)).one()
    assert client.post(f"/me/sessions/{foreign.id}/revoke").status_code == 404
    assert client.post(f"/me/sessions/{rows[phone].id}/revoke").status_code == 302
    assert rows[phone].revoked_at == frozen
    assert client.post("/me/sessions/others/revoke").status_code == 302
    assert [each.device for each in queries.live_sessions(person.id, frozen)] == [None]  # this browser
    assert foreign.revoked_at is None


def test_tokens_are_shown_once_and_may_do_what_was_chosen(
    client: FlaskClient, database: Session, frozen: datetime
) -> None:
    person = accounts.person("dispatcher", locale="en")
    accounts.sign_in(client, person)
    assert client.get("/me/tokens").status_code == 200
    data = {"name": "script", "days": "7", "extent": "some", "scopes": ["people.lookup"]}
    made = client.post("/me/tokens", data=data)
    assert made.status_code == 302
    shown = client.get(made.location).text
    found = re.search(r"hq_[\w-]+", shown)
    assert found is not None
    assert "It was shown only once." not in shown
    headers = {"Authorization": f"Bearer {found[0]}"}
    again = client.get(made.location).text
    assert found[0] not in again
    assert "The token “script” has been made already. It was shown only once." in again
    assert "It was shown only once." not in client.get("/me/tokens").text
    assert client.get("/api/v1/people?q=x", headers=headers).status_code == 200
    token = database.scalars(select(ApiToken)).one()
    assert (token.scopes, token.expires_at - frozen) == (["people.lookup"], timedelta(days=7))
    limited = queries.token_row(queries.token_digest(found[0]), frozen)
    assert limited is not None
    assert not queries.as_actor(limited, 1).can("tickets.dispatch")
    assert client.post(f"/me/tokens/{token.id}/revoke").status_code == 302
    assert client.get("/api/v1/people?q=x", headers=headers).status_code == 401
    assert "has been made already" not in client.get(made.location).text, "it is revoked"


@pytest.mark.parametrize(
    "data",
    [
        {"name": "", "days": "7", "extent": "all"},
        {"name": "x", "days": "8", "extent": "all"},
        {"name": "x", "days": "7", "extent": "some"},
        {"name": "x", "days": "7", "extent": "some", "scopes": ["audit.read"]},
        {"name": "x", "days": "7", "extent": "all", "scopes": ["tickets.file"]},
    ],
)
def test_tokens_that_are_not_made(client: FlaskClient, database: Session, data: dict[str, object]) -> None:
    accounts.sign_in(client, accounts.person("student"))
    assert client.post("/me/tokens", data=data).status_code == 422
    assert database.scalars(select(ApiToken)).all() == []


def test_twenty_tokens_are_the_most(client: FlaskClient, database: Session, frozen: datetime) -> None:
    person = accounts.person("student", locale="en")
    accounts.sign_in(client, person)
    for _ in range(20):
        accounts.token(person)
    data = {"name": "x", "days": "7", "extent": "all"}
    refused = client.post("/me/tokens", data=data)
    assert refused.status_code == 422
    assert "You have 20 tokens already" in refused.text
    assert client.post(f"/me/tokens/{queries.live_tokens(person.id, frozen)[0].id}/revoke").status_code == 302
    assert client.post("/me/tokens", data=data).status_code == 302


def test_a_token_secret_is_never_stored(client: FlaskClient, database: Session) -> None:
    """Not even as the stored answer of a repeated request."""
    from app.core.http.idempotency import IdempotencyKey

    accounts.sign_in(client, accounts.person("student"))
    data = {"name": "x", "days": "7", "extent": "all", "idempotency_key": "k1"}
    made = client.post("/me/tokens", data=data)
    found = re.search(r"hq_[\w-]+", client.get(made.location).text)
    assert found is not None
    kept = database.scalars(select(IdempotencyKey)).one()
    assert found[0].encode() not in (kept.body or b"")
    assert "Set-Cookie" not in kept.headers
    assert "hq_" not in made.location


def test_a_token_form_sent_twice_makes_one_token(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person("student", locale="en"))
    page = client.get("/me/tokens").text
    typed = {"name": "script", "days": "7", "extent": "all"}
    data = {**fields_of(page, "/me/tokens"), **typed}
    first = client.post("/me/tokens", data=data)
    assert "Copy the token “script” now." in client.get(first.location).text
    second = client.post("/me/tokens", data=data)
    assert (second.status_code, second.location) == (302, first.location)
    assert "has been made already. It was shown only once." in client.get(second.location).text
    assert len(database.scalars(select(ApiToken)).all()) == 1


def test_two_tabs_that_make_tokens_show_each_its_own(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person("student", locale="en"))
    made = [client.post("/me/tokens", data={"name": name, "days": "7", "extent": "all"}) for name in ("one", "two")]
    client.get("/me/tokens")  # a third tab takes nothing away
    for name, answer in zip(("one", "two"), made, strict=True):
        page = client.get(answer.location).text
        assert f"Copy the token “{name}” now." in page
        secret = re.search(r"hq_[\w-]+", page)
        assert secret is not None
        row = queries.token_row(queries.token_digest(secret[0]), clock.now())
        assert row is not None
    assert len(database.scalars(select(ApiToken)).all()) == 2


def test_a_role_that_begins_later_is_not_shown_as_held(
    client: FlaskClient, database: Session, frozen: datetime
) -> None:
    person = accounts.person("student", locale="en")
    coming = accounts.grant(person, "dispatcher")
    coming.valid_from = frozen.date() + timedelta(days=13)
    accounts.sign_in(client, person)
    page = client.get("/me").text
    assert "from 1 Dec 2026" in page
    assert page.count("to come") == 1
    coming.valid_from, coming.valid_to = frozen.date(), frozen.date() + timedelta(days=14)
    database.flush()
    page = client.get("/me").text
    assert "18 Nov 2026 to 1 Dec 2026" in page
    assert "to come" not in page
