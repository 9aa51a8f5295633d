"""Reporting through a QR sticker: with an account the whole form, without one write-only."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import db
from app.core.errors import Rejected
from app.core.http.counts import Counts
from app.sites import queries as sites
from app.sites.models import PlaceSticker
from app.tickets.models import Ticket
from app.tickets.services import filing
from app.tickets.web import drafts
from tests.factories import accounts
from tests.factories import tickets as made

Login = Callable[..., FlaskClient]
TOKEN = "abcdefghijklmnopqrstuv"
pytestmark = pytest.mark.usefixtures("frozen", "english")


@pytest.fixture
def english(client: FlaskClient) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def ground(database: Session, frozen: datetime) -> made.Ground:
    found = made.Ground()
    db.session.add(
        PlaceSticker(place_id=found.room.id, token_hash=sites.sticker_digest(TOKEN), issued_at=frozen, revoked_at=None)
    )
    db.session.flush()
    return found


def fields(ground: made.Ground, **more: Any) -> dict[str, Any]:
    return {"group": str(ground.category.id), "urgency": "normal", **more}


def tickets() -> list[Ticket]:
    return list(db.session.scalars(select(Ticket).order_by(Ticket.id)))


def test_anonymous_page_names_the_place_and_nobody(ground: made.Ground, client: FlaskClient) -> None:
    ground.file(description="很私密的话")
    page = client.get(f"/r/{TOKEN}").get_data(as_text=True)
    assert "桃园3栋 · 4层 · 412</b>" in page
    assert "南校区 · From the sticker" in page
    assert "很私密的话" not in page
    assert "R26-" not in page
    assert ground.student.name not in page
    assert 'type="file"' not in page


def test_anonymous_report_is_answered_with_its_number_alone(ground: made.Ground, client: FlaskClient) -> None:
    answer = client.post(f"/r/{TOKEN}", data=fields(ground, description="走廊积水"))
    (ticket,) = tickets()
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert ticket.number in page
    assert f"/tickets/{ticket.id}" not in page
    assert (ticket.reporter_id, ticket.origin, ticket.place_id) == (None, "qr", ground.room.id)


def test_place_in_the_form_is_not_believed(ground: made.Ground, client: FlaskClient) -> None:
    client.post(f"/r/{TOKEN}", data=fields(ground, place_id=str(ground.building.id)))
    assert tickets()[0].place_id == ground.room.id


def test_anonymous_reader_sees_no_ticket(ground: made.Ground, client: FlaskClient) -> None:
    client.post(f"/r/{TOKEN}", data=fields(ground))
    assert client.get(f"/tickets/{tickets()[0].id}").status_code == 302
    assert client.get("/tickets").status_code == 302


def test_sent_twice_without_sign_in_files_once(ground: made.Ground, client: FlaskClient) -> None:
    first = client.post(f"/r/{TOKEN}", data=fields(ground, idempotency_key="k"))
    second = client.post(f"/r/{TOKEN}", data=fields(ground, idempotency_key="k"))
    assert first.data == second.data
    assert len(tickets()) == 1


def test_refused_anonymous_form_keeps_the_words(ground: made.Ground, client: FlaskClient) -> None:
    answer = client.post(f"/r/{TOKEN}", data={"description": "走廊积水"})
    assert answer.status_code == 422
    assert "走廊积水" in answer.get_data(as_text=True)
    assert tickets() == []


def test_signed_in_the_ticket_is_ones_own(ground: made.Ground, login: Login) -> None:
    client = login(ground.student)
    page = client.get(f"/r/{TOKEN}").get_data(as_text=True)
    assert "From the sticker" in page
    assert 'type="file"' in page
    assert f'name="place_id" value="{ground.room.id}"' in page  # what is alike is looked for at the place
    answer = client.post(f"/r/{TOKEN}", data=fields(ground, whose=str(ground.student.id)))
    (ticket,) = tickets()
    assert answer.location == f"/tickets/{ticket.id}"
    assert (ticket.reporter_id, ticket.origin) == (ground.student.id, "qr")


def test_who_was_signed_in_is_not_made_anonymous(ground: made.Ground, client: FlaskClient, login: Login) -> None:
    whose = drafts.owner(accounts.actor(ground.student))
    answer = client.post(f"/r/{TOKEN}", data=fields(ground, description="走廊积水", whose=whose))
    assert answer.location == f"/login?next=/r/{TOKEN}"
    assert tickets() == []
    assert "走廊积水" in login(ground.student).get(f"/r/{TOKEN}").get_data(as_text=True)


def test_account_that_may_not_file_still_reports_without_its_name(ground: made.Ground, login: Login) -> None:
    client = login(accounts.person("contractor"))
    assert client.post(f"/r/{TOKEN}", data=fields(ground)).status_code == 200
    assert tickets()[0].reporter_id is None


@pytest.mark.parametrize("change", ["unknown", "revoked"])
def test_sticker_without_use_says_what_to_do(ground: made.Ground, client: FlaskClient, change: str) -> None:
    token = "x" * 22 if change == "unknown" else TOKEN
    if change == "revoked":
        db.session.scalars(select(PlaceSticker)).one().revoked_at = datetime.fromisoformat("2026-01-01T00:00:00Z")
        db.session.flush()
    for answer in (client.get(f"/r/{token}"), client.post(f"/r/{token}", data=fields(ground))):
        assert answer.status_code == 404
        assert "/report" in answer.get_data(as_text=True)
    assert tickets() == []


@pytest.fixture
def counting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rate limits switched on, counted in memory, as they are when Valkey is away."""
    monkeypatch.setitem(app.extensions, "houqin_counts", Counts())


@pytest.mark.usefixtures("counting")
def test_what_was_refused_is_not_counted_as_a_report(
    ground: made.Ground, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by the form, nor by what filing asks besides: answers that are needed, danger that calls for a call."""

    def refuses(**_of: Any) -> None:
        raise Rejected(fields={"answers.leak": "Say which."})

    for _ in range(6):
        assert client.post(f"/r/{TOKEN}", data=fields(ground, urgency="soon")).status_code == 422
    with monkeypatch.context() as patched:
        patched.setattr(filing, "file_ticket", refuses)
        for _ in range(6):
            assert client.post(f"/r/{TOKEN}", data=fields(ground)).status_code == 422
    assert client.post(f"/r/{TOKEN}", data=fields(ground)).status_code == 200


@pytest.mark.usefixtures("counting")
def test_what_was_one_report_too_many_is_signed_in_from_where_that_is_said(
    ground: made.Ground, client: FlaskClient, login: Login
) -> None:
    for _ in range(5):
        client.post(f"/r/{TOKEN}", data=fields(ground))
    page = client.post(f"/r/{TOKEN}", data=fields(ground, description="走廊积水")).get_data(as_text=True)
    said = re.search(r'<div class="callout callout--late errors".*?</div>', page, re.DOTALL)
    assert said is not None
    assert f'data-keeps href="/login?next=/r/{TOKEN}">Sign in</a>' in said[0]
    page = login(ground.student).get(f"/r/{TOKEN}").get_data(as_text=True)
    assert "走廊积水" in page
    assert "Choose your photos again" not in page, "there never were any"


@pytest.mark.usefixtures("counting")
def test_sixth_anonymous_report_of_an_hour_waits(
    app: Flask, ground: made.Ground, client: FlaskClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        assert client.post(f"/r/{TOKEN}", data=fields(ground)).status_code == 200
    refused = client.post(f"/r/{TOKEN}", data=fields(ground, description="走廊积水"))
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert "走廊积水" in refused.get_data(as_text=True)
    assert "Max-Age=900;" in refused.headers["Set-Cookie"], "nobody's words do not wait long"
    assert len(tickets()) == 5
    other_address = {"REMOTE_ADDR": "10.0.0.9"}
    assert app.test_client().post(f"/r/{TOKEN}", data=fields(ground), environ_base=other_address).status_code == 200
    with monkeypatch.context() as patched:
        patched.setattr(filing, "file_ticket", pytest.fail)  # it locks what all filings wait for
        assert client.post(f"/r/{TOKEN}", data=fields(ground, description="走廊积水")).status_code == 429
    page = login(ground.student).get(f"/r/{TOKEN}").get_data(as_text=True)
    assert "走廊积水" in page, "nothing has to be copied by hand"
    assert "What you wrote is still here." in page
    assert client.post(f"/r/{TOKEN}", data=fields(ground)).status_code == 303
    assert "走廊积水" not in client.get(f"/r/{TOKEN}").get_data(as_text=True)


@pytest.fixture
def left_waiting(counting: None, ground: made.Ground, client: FlaskClient) -> FlaskClient:
    """A browser that keeps what was one report too many without a sign-in."""
    for _ in range(5):
        client.post(f"/r/{TOKEN}", data=fields(ground))
    assert client.post(f"/r/{TOKEN}", data=fields(ground, description="走廊积水")).status_code == 429
    assert client.get_cookie(drafts.COOKIE) is not None
    return client


def test_what_nobody_wrote_is_over_once_it_was_sent(
    ground: made.Ground, left_waiting: FlaskClient, login: Login
) -> None:
    sent = fields(ground, description="走廊积水")
    later = left_waiting.post(f"/r/{TOKEN}", data=sent, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert later.status_code == 200
    assert left_waiting.get_cookie(drafts.COOKIE) is None
    assert "走廊积水" not in login(ground.student).get(f"/r/{TOKEN}").text


@pytest.mark.parametrize(("minutes", "shown"), [(14, True), (15, False)])
def test_what_nobody_wrote_waits_a_quarter_of_an_hour(
    ground: made.Ground, left_waiting: FlaskClient, login: Login, frozen: datetime, minutes: int, shown: bool
) -> None:
    """Whatever the browser does with its cookie."""
    with clock.frozen(frozen + timedelta(minutes=minutes)):
        assert ("走廊积水" in login(ground.student).get(f"/r/{TOKEN}").text) is shown


def test_what_nobody_wrote_is_shown_by_the_page_of_a_sticker_alone(
    app: Flask, ground: made.Ground, client: FlaskClient, login: Login
) -> None:
    student = login(ground.student)
    with app.test_request_context("/report", method="POST", data=fields(ground, description="走廊积水")):
        kept = drafts.keep_nameless(Response(), "/report").headers["Set-Cookie"]
    client.set_cookie(drafts.COOKIE, kept.split(";")[0].partition("=")[2])
    assert "走廊积水" not in student.get("/report").text
