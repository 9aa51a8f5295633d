"""Reporting a fault on the pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.attachments.models import Attachment
from app.core import clock
from app.core.db import db
from app.tickets.models import Ticket
from app.tickets.web import drafts
from tests.counting import counted
from tests.factories import accounts, attachments
from tests.factories import tickets as made

Login = Callable[..., FlaskClient]
pytestmark = pytest.mark.usefixtures("frozen", "english")


@pytest.fixture
def english(client: FlaskClient) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def ground(database: Session, frozen: datetime) -> made.Ground:
    found = made.Ground()
    found.water = made.category("water", None, "水", "Water", icon="drop")
    found.category.parent_id = found.water.id
    made.category(
        "gas", found.trade, "燃气泄漏", "Gas leak", emergency=True, emergency_phone="8120 0000", icon="gas", position=9
    )
    db.session.flush()
    return found


def fields(ground: made.Ground, **more: Any) -> dict[str, Any]:
    group = ground.category.parent_id
    return {
        "group": str(group),
        f"problem_{group}": str(ground.category.id),
        "place_id": str(ground.room.id),
        "description": "关紧了还一直滴",
        "urgency": "normal",
        **more,
    }


def whose(person: Person) -> str:
    """What the form drawn for a person says of whose it is."""
    return drafts.owner(accounts.actor(person))


def only_ticket() -> Ticket:
    return db.session.scalars(select(Ticket)).one()


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Ticket)) or 0


def test_form_shows_emergencies_first_and_their_number(ground: made.Ground, login: Login) -> None:
    page = login(ground.student).get("/report").get_data(as_text=True)
    assert 'href="tel:81200000"' in page
    assert page.index("Gas leak") < page.index(">Water<")
    assert "call first" in page.lower()


def test_three_taps_file_a_ticket(ground: made.Ground, login: Login) -> None:
    answer = login(ground.student).post("/report", data=fields(ground, description=""))
    ticket = only_ticket()
    assert answer.status_code == 303
    assert answer.location == f"/tickets/{ticket.id}"
    assert (ticket.category_id, ticket.place_id, ticket.reporter_id) == (
        ground.category.id,
        ground.room.id,
        ground.student.id,
    )


def test_own_room_is_preset_and_else_the_last_place(ground: made.Ground, login: Login) -> None:
    assert f'value="{ground.room.id}" checked' not in login(ground.student).get("/report").get_data(as_text=True)
    ground.file()
    page = login(ground.student).get("/report").get_data(as_text=True)
    assert f'value="{ground.room.id}" checked' in page
    assert "As in your last report" in page


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"group": ""}, "Choose what is broken."),
        ({"group": "PARENT", "problem_PARENT": ""}, "Choose what the problem is."),
        ({"place_id": ""}, "Say where it is"),
        ({"place_id": "999999"}, "This place does not exist."),
        ({"urgency": "emergency"}, "Choose one of the degrees of urgency."),
        ({"description": "x" * 2001}, "at most 2,000 characters"),
        ({"description": "a\x00b"}, "cannot be stored"),
    ],
)
def test_refused_form_keeps_what_was_typed(ground: made.Ground, login: Login, sent: dict[str, str], said: str) -> None:
    parent = str(ground.category.parent_id)
    changed = {name.replace("PARENT", parent): value.replace("PARENT", parent) for name, value in sent.items()}
    answer = login(ground.student).post("/report", data=fields(ground, may_enter="1") | changed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert "data-focus" in page
    assert count() == 0
    if "description" not in sent:
        assert "关紧了还一直滴" in page


def test_pick_of_another_tile_is_not_taken(ground: made.Ground, login: Login) -> None:
    other = made.category("power", None, "电", "Power")
    made.category("lamp", ground.trade, "灯", "Lamp", parent_id=other.id)
    answer = login(ground.student).post("/report", data=fields(ground) | {"group": str(other.id)})
    assert answer.status_code == 422
    assert count() == 0


def test_words_for_a_place_win_over_the_preset(ground: made.Ground, login: Login) -> None:
    login(ground.student).post("/report", data=fields(ground, place_text="操场东门外"))
    ticket = only_ticket()
    assert (ticket.place_id, ticket.place_text, ticket.status) == (None, "操场东门外", "submitted")


def test_photos_come_with_the_report(ground: made.Ground, login: Login) -> None:
    photo = (io.BytesIO(attachments.jpeg()), "tap.jpg")
    login(ground.student).post("/report", data=fields(ground, photos=photo))
    kept = db.session.scalars(select(Attachment)).one()
    assert (kept.owner_kind, kept.owner_id, kept.moment) == ("ticket", only_ticket().id, "report")


def test_refused_photo_files_nothing_and_keeps_the_words(ground: made.Ground, login: Login) -> None:
    answer = login(ground.student).post("/report", data=fields(ground, photos=(io.BytesIO(b"<html>"), "tap.jpg")))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 415
    assert "not a photo" in page
    assert "关紧了还一直滴" in page
    assert "Choose your photos again" in page
    assert count() == 0


def test_photos_that_never_were_are_not_asked_for_again(ground: made.Ground, login: Login) -> None:
    client = login(ground.student)
    for lacking in ({"category": "", "group": ""}, {"photos": (io.BytesIO(b""), "")}):
        answer = client.post("/report", data=fields(ground, urgency="soon", **lacking))
        assert answer.status_code == 422
        assert "Choose your photos again" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("photos", [True, False])
def test_a_kept_form_says_whether_it_had_photos(ground: made.Ground, login: Login, photos: bool) -> None:
    client = login(ground.student)
    page = client.get("/report").get_data(as_text=True)
    whose = re.search(r'name="whose" value="([^"]+)"', page)
    assert whose is not None
    assert "Choose your photos again" not in page
    client.post("/logout")
    sent = {"photos": (io.BytesIO(attachments.jpeg()), "tap.jpg")} if photos else {}
    answer = client.post("/report", data=fields(ground, whose=whose[1], **sent))
    back = parse_qs(urlsplit(answer.location).query)["next"][0]
    page = login(ground.student).get(back).get_data(as_text=True)
    assert "关紧了还一直滴" in page
    assert ("Choose your photos again" in page) is photos


def test_sent_twice_files_once(ground: made.Ground, login: Login) -> None:
    """Scenario 1, by the form; many at once in `tests/attack/test_races.py`."""
    client = login(ground.student)
    first = client.post("/report", data=fields(ground, idempotency_key="k1"))
    second = client.post("/report", data=fields(ground, idempotency_key="k1"))
    assert first.location == second.location
    assert count() == 1


def test_words_outlive_the_sign_in(ground: made.Ground, client: FlaskClient, login: Login) -> None:
    sent = fields(ground, whose=whose(ground.student))
    answer = client.post("/report", data=sent)
    assert answer.status_code == 303
    assert answer.location == "/login?next=/report"
    page = login(ground.student).get("/report").get_data(as_text=True)
    assert "关紧了还一直滴" in page
    assert "What you wrote is still here." in page
    assert re.search(rf'name="group" value="{ground.category.parent_id}" required checked', page)
    client.post("/report", data=sent)
    assert count() == 1
    assert "关紧了还一直滴" not in client.get("/report").get_data(as_text=True)


def test_words_are_not_shown_to_somebody_else(ground: made.Ground, client: FlaskClient, login: Login) -> None:
    client.post("/report", data=fields(ground, whose=whose(ground.student)))
    page = login(accounts.person("student")).get("/report").get_data(as_text=True)
    assert "关紧了还一直滴" not in page


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_another_site_puts_no_words_into_a_form(
    ground: made.Ground,
    client: FlaskClient,
    login: Login,
    app: Any,
    monkeypatch: pytest.MonkeyPatch,
    checked: bool,
    named: bool,
) -> None:
    """What it lets a browser send comes without session and token; and an id that is guessed does not help."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", checked)
    answer = client.post("/report", data=fields(ground, whose=str(ground.student.id) if named else ""))
    assert answer.location == "/login?next=/report"
    assert client.get_cookie(drafts.COOKIE) is None
    assert "关紧了还一直滴" not in login(ground.student).get("/report").text


def test_words_wait_an_hour(ground: made.Ground, client: FlaskClient, login: Login, frozen: datetime) -> None:
    client.post("/report", data=fields(ground, whose=whose(ground.student)))
    for minutes, shown in ((59, True), (60, False)):
        with clock.frozen(frozen + timedelta(minutes=minutes)):
            assert ("关紧了还一直滴" in login(ground.student).get("/report").text) is shown


def test_long_words_are_cut_rather_than_lost(ground: made.Ground, client: FlaskClient, login: Login) -> None:
    words = "".join(chr(0x4E00 + n * 7 % 5000) for n in range(2000))
    client.post("/report", data=fields(ground, description=words, whose=whose(ground.student)))
    page = login(ground.student).get("/report").get_data(as_text=True)
    assert words[:200] in page


def test_form_of_an_old_page_comes_back_filled_in(
    ground: made.Ground, login: Login, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = login(ground.student).post("/report", data=fields(ground, csrf_token="old"))
    assert answer.status_code == 400
    assert "关紧了还一直滴" in answer.get_data(as_text=True)
    assert count() == 0


def test_who_may_not_file_is_refused(ground: made.Ground, login: Login) -> None:
    client = login(accounts.person("contractor"))
    assert client.get("/report").status_code == 403
    assert client.post("/report", data=fields(ground)).status_code == 403


def test_category_in_the_address_is_chosen(ground: made.Ground, login: Login) -> None:
    page = login(ground.student).get("/report?category=tap").get_data(as_text=True)
    assert re.search(rf'name="group" value="{ground.category.parent_id}" required checked', page)
    assert f'value="{ground.category.id}" checked' in page


def test_statements_of_the_form_do_not_grow(ground: made.Ground, login: Login) -> None:
    client = login(ground.student)
    client.get("/report")
    with counted() as few:
        client.get("/report")
    for n in range(12):
        made.category(f"more{n}", ground.trade, f"更多{n}", f"More {n}", parent_id=ground.category.parent_id)
    with counted() as many:
        client.get("/report")
    assert len(few) == len(many)


class TestForSomebody:
    def test_the_one_who_fits_becomes_the_reporter(self, ground: made.Ground, login: Login) -> None:
        answer = login(ground.dispatcher).post("/report/for", data=fields(ground, who=ground.student.username))
        ticket = only_ticket()
        assert answer.location == f"/tickets/{ticket.id}"
        assert (ticket.reporter_id, ticket.on_behalf_by) == (ground.student.id, ground.dispatcher.id)

    def test_several_are_offered_to_choose_from(self, ground: made.Ground, login: Login) -> None:
        a, b = accounts.person("student", name="赵一"), accounts.person("student", name="赵二")
        for each in (a, b):
            each.search = f"{each.name} zhao"
        db.session.flush()
        client = login(ground.dispatcher)
        answer = client.post("/report/for", data=fields(ground, who="zhao"))
        assert answer.status_code == 422
        assert "Several people fit." in answer.get_data(as_text=True)
        assert count() == 0
        client.post("/report/for", data=fields(ground, who="zhao", reporter_id=str(b.id)))
        assert only_ticket().reporter_id == b.id

    def test_chosen_person_must_fit_what_was_typed(self, ground: made.Ground, login: Login) -> None:
        other = accounts.person("student")
        data = fields(ground, who=ground.student.username, reporter_id=str(other.id))
        login(ground.dispatcher).post("/report/for", data=data)
        assert only_ticket().reporter_id == ground.student.id

    def test_nobody_needs_a_contact(self, ground: made.Ground, login: Login) -> None:
        client = login(ground.dispatcher)
        assert client.post("/report/for", data=fields(ground)).status_code == 422
        client.post("/report/for", data=fields(ground, contact_name="门卫老刘", contact_phone="13800000000"))
        assert only_ticket().contact_name == "门卫老刘"

    def test_students_may_not(self, ground: made.Ground, login: Login) -> None:
        assert login(ground.student).get("/report/for").status_code == 403
