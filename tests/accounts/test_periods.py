"""When accounts, homes and memberships begin and end, as pages take it and tell it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import OrgMembership, Person, PersonHome
from app.audit.models import AuditEntry
from tests.editing import save
from tests.factories import accounts, sites

PAST = "This day is past. Choose today or a later one."


def test_an_account_does_not_end_before_today(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    person = accounts.person("student", username="lin")
    address, typed = f"/people/{person.id}/edit", {"name": "林晓", "username": "lin", "sex": "F"}
    refused = save(client, address, {**typed, "valid_to": "2026-11-17", "email": "nomail"})
    assert refused.status_code == 422
    assert f"Account ends: {PAST}" in refused.text
    assert "This is not an e-mail address." in refused.text, "together with what else is wrong"
    assert 'value="2026-11-17"' in refused.text
    database.refresh(person)
    assert person.valid_to is None
    assert save(client, address, {**typed, "valid_to": "2026-11-18"}).status_code == 302
    assert person.valid_to == date(2026, 11, 19), "today is the last day"


def test_an_end_that_is_past_hinders_no_other_change(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    person = accounts.person("student", username="lin")
    person.valid_to = date(2026, 7, 1)
    database.flush()
    address, typed = f"/people/{person.id}/edit", {"username": "lin", "sex": "F"}
    assert save(client, address, {**typed, "name": "林晓", "valid_to": "2026-06-30"}).status_code == 302
    assert (person.name, person.valid_to) == ("林晓", date(2026, 7, 1))
    assert PAST in save(client, address, {**typed, "name": "林晓", "valid_to": "2026-06-29"}).text
    assert save(client, address, {**typed, "name": "林晓"}).status_code == 302
    assert person.valid_to is None


def test_nobody_is_made_whose_account_is_over(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    typed = {"name": "曾小明", "sex": "M", "valid_to": "2020-01-01", "phone": "call me"}
    refused = client.post("/people/new", data=typed)
    assert refused.status_code == 422
    assert f"Account ends: {PAST}" in refused.text
    assert "Write 3 to 20 digits" in refused.text
    assert database.scalars(select(Person).where(Person.name == "曾小明")).all() == []
    assert client.post("/people/new", data={**typed, "phone": "", "valid_to": "2026-11-18"}).status_code == 302


def test_a_home_is_a_place_or_not_known(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    person, room = accounts.person(), sites.room()
    data = {"place_id": str(room.id), "nowhere": "1", "start": "2026-11-18"}
    refused = client.post(f"/people/{person.id}/home", data=data)
    assert refused.status_code == 422
    assert "Place: Choose a place or say that none is known, not both." in refused.text
    assert database.scalars(select(PersonHome)).all() == []


@pytest.mark.parametrize(("days", "said"), [(0, "since 18 Nov 2026"), (13, "from 1 Dec 2026")])
def test_a_membership_that_held_for_no_day_is_removed_and_the_audit_log_says_so(
    client: FlaskClient, database: Session, frozen: datetime, days: int, said: str
) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    person, unit = accounts.person(), accounts.org_unit("机械学院")
    began = frozen.date() + timedelta(days=days)
    held = accounts.member_of(person, unit, began)
    database.flush()
    page = client.get(f"/people/{person.id}").text
    assert said in page
    assert "It has not held for a day" in page
    assert "End today" not in page, "nothing of it would be left"
    assert client.post(f"/people/{person.id}/units/{held.id}/end").status_code == 302
    assert database.scalars(select(OrgMembership.during)).one().isempty
    assert "机械学院" not in client.get(f"/people/{person.id}").text
    entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "person.org")).one()
    assert entry.before == {"unit": "机械学院", "from": began.isoformat(), "to": None}
    assert entry.after == {}
    log = client.get(f"/audit?object_kind=person&object_id={person.id}")
    assert "机械学院" in log.text


def test_a_membership_that_holds_ends_today(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    person = accounts.person()
    held = accounts.member_of(person, accounts.org_unit("机械学院"), date(2026, 11, 17))
    database.flush()
    page = client.get(f"/people/{person.id}").text
    assert "End today" in page
    assert "It has not held for a day" not in page
    assert client.post(f"/people/{person.id}/units/{held.id}/end").status_code == 302
    assert "only on 17 Nov 2026" in client.get(f"/people/{person.id}").text
