"""Who plans one campus, and a technician who works on two: what either desk enters, and what is for both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tickets.models import TechnicianProfile, TechnicianZone
from tests.calling_api import Caller
from tests.factories import accounts
from tests.factories import tickets as make

pytestmark = pytest.mark.usefixtures("frozen")
Login = Callable[..., FlaskClient]
SHARED = "Works in places that are not yours to plan, too"


class Two:
    """A technician of the ground's campus and of another, and the supervisor of the other alone."""

    def __init__(self, ground: make.Ground, database: Session, now: datetime) -> None:
        self.here, self.there = ground.campus, make.place("campus", "北校区")
        self.technician = ground.technician(cap=5)
        database.add(TechnicianZone(person_id=self.technician.id, place_id=self.there.id, valid_from=now.date()))
        database.flush()
        self.planner = accounts.person("supervisor", scope_kind="campus", scope_id=self.there.id)
        accounts.grant(self.planner, "registry")  # finds people everywhere
        self.at = f"/technicians/{self.technician.id}"


@pytest.fixture
def two(ground: make.Ground, database: Session, now: datetime) -> Two:
    return Two(ground, database, now)


def zones(answer: Any) -> list[str]:
    return [each["name"] for each in answer.json["zones"]]


def test_a_zone_of_another_campus_is_not_taken_away(two: Two, client: FlaskClient) -> None:
    one_campus, all_campuses = Caller(client, two.planner), Caller(client, accounts.person("supervisor"))
    assert one_campus.delete(f"{two.at}/zones/{two.here.id}").status_code == 404
    assert zones(all_campuses.get(two.at)) == ["北校区", "南校区"]
    assert one_campus.delete(f"{two.at}/zones/{two.there.id}").status_code == 204
    assert zones(all_campuses.get(two.at)) == ["南校区"]


def test_what_holds_on_both_campuses_is_for_who_plans_both(two: Two, client: FlaskClient, database: Session) -> None:
    one_campus, all_campuses = Caller(client, two.planner), Caller(client, accounts.person("supervisor"))
    for refused in (one_campus.patch(two.at, {"cap": 0}, "*"), one_campus.delete(two.at)):
        assert refused.status_code == 403
        assert refused.json["detail"].startswith(SHARED)
    away = {"starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-21T00:00:00Z"}
    assert one_campus.post(f"{two.at}/absences", away).status_code == 201, "what either desk learns first"
    assert one_campus.post(f"{two.at}/trades", {"trade": "water", "level": 3}).status_code == 201
    assert all_campuses.patch(two.at, {"cap": 4}, "*").status_code == 200
    assert all_campuses.delete(two.at).status_code == 204
    again = one_campus.post("/technicians", {"person_id": str(two.technician.id), "cap": 9})
    assert [each["field"] for each in again.json["errors"]] == ["person_id"]
    profile = database.scalars(select(TechnicianProfile)).one()
    assert (profile.cap, profile.valid_to is None) == (4, False)


def test_a_technician_of_ones_own_campus_alone_is_ones_own(two: Two, client: FlaskClient) -> None:
    one_campus, all_campuses = Caller(client, two.planner), Caller(client, accounts.person("supervisor"))
    assert all_campuses.delete(f"{two.at}/zones/{two.here.id}").status_code == 204
    assert one_campus.patch(two.at, {"cap": 3}, "*").json["cap"] == 3
    assert one_campus.delete(two.at).status_code == 204


def test_the_page_offers_what_can_be_done(two: Two, login: Login) -> None:
    planner = login(two.planner)
    planner.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = f"/crews{two.at}"
    shown = planner.get(page).text
    assert SHARED in shown
    assert f"{page}/zones/{two.there.id}/end" in shown
    assert f"{page}/zones/{two.here.id}/end" not in shown
    assert f'action="{page}/cap"' not in shown
    assert f'action="{page}/end"' not in shown
    assert planner.post(f"{page}/zones/{two.here.id}/end").status_code == 404
    for part, sent in (("cap", {"cap_cap": "1"}), ("end", {})):
        refused = planner.post(f"{page}/{part}", data=sent)
        assert refused.status_code == 403
        assert SHARED in refused.text


def test_the_duty_of_another_campus_is_not_ended(two: Two, client: FlaskClient, login: Login) -> None:
    everywhere = Caller(client, accounts.person("supervisor"))
    lead = {"person_id": str(two.technician.id), "starts_at": "2026-11-18T00:00:00Z"}
    made = [everywhere.post("/duty-roster", {**lead, "campus": at}).json["id"] for at in (str(two.here.id), None)]
    own = everywhere.post("/duty-roster", {**lead, "campus": str(two.there.id)}).json["id"]
    shown = login(two.planner).get("/crews/technicians/duty").text
    one_campus = Caller(client, two.planner)
    for each in made:
        assert one_campus.delete(f"/duty-roster/{each}").status_code == 404
        assert f"/duty/{each}/end" not in shown
    assert f"/duty/{own}/end" in shown
    assert one_campus.delete(f"/duty-roster/{own}").status_code == 204
