"""The edge: sign-in, commit rule, refusals."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import LoginSession, SignInFailure
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
    assert answer.status_code in (401, 404)
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("number", ["0", "9223372036854775808", "1" * 5000, "١", "-1", "1.0", "%201"])
def test_what_no_id_can_be_is_not_there(client: FlaskClient, number: str) -> None:
    assert client.post(f"/notifications/{number}/open").status_code == 404
