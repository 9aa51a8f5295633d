"""Technicians, their hours and the week plan over the API: what the pages do, by the same services."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import product
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.audit.models import AuditEntry
from app.tickets.models import Absence, Shift, TechnicianProfile
from app.tickets.queries import technicians as queries
from app.tickets.rules.shifts import still_counts
from tests.calling_api import Caller
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as make

ONE_DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def api(ground: make.Ground, client: FlaskClient) -> Caller:
    return Caller(client, accounts.person("supervisor"))


@pytest.fixture
def technician(ground: make.Ground) -> Person:
    return ground.technician(on_shift=False)


def verbs(database: Session, person: Person) -> list[str]:
    query = select(AuditEntry.verb).where(AuditEntry.object_id == person.id).order_by(AuditEntry.id)
    return list(database.scalars(query))


def test_from_nobody_to_a_planned_technician(
    ground: make.Ground, api: Caller, client: FlaskClient, database: Session
) -> None:
    person = accounts.person("technician", name="新师傅")
    made = api.post("/technicians", {"person_id": str(person.id), "cap": 3})
    assert made.status_code == 201
    assert made.json["id"] == str(person.id)
    assert (made.json["name"], made.json["cap"], made.json["orders"], made.json["trades"]) == ("新师傅", 3, 0, [])
    at = f"/technicians/{person.id}"
    trade = api.post(f"{at}/trades", {"trade": ground.trade.code, "level": 3})
    assert trade.json["trades"] == [{"id": str(ground.trade.id), "code": "water", "name": "Plumber", "level": 3}]
    zone = api.post(f"{at}/zones", {"place_id": str(ground.campus.id)})
    assert [each["path"] for each in zone.json["zones"]] == ["南校区"]
    made = api.post(f"{at}/shifts", {"weekdays": [2, 3], "starts": "08:00", "ends": "17:30", "until": "2026-12-31"})
    assert [{name: value for name, value in each.items() if name != "id"} for each in made.json["items"]] == [
        {"weekday": day, "starts": "08:00", "ends": "17:30", "kind": "duty", "since": None, "until": "2026-12-31"}
        for day in (2, 3)
    ]
    shown = api.get(at)
    assert shown.json["on_duty_until"] == "2026-11-18T09:30:00Z"
    assert api.get(f"{at}/shifts").json["items"] == made.json["items"]
    assert verbs(database, person) == ["technician.admit", "technician.trade", "technician.zone", "technician.shift"]
    assert [each["id"] for each in api.get("/technicians?trade=water&q=新师傅").json["items"]] == [str(person.id)]
    for part in (f"trades/{ground.trade.id}", f"zones/{ground.campus.id}", f"shifts/{made.json['items'][0]['id']}"):
        assert api.delete(f"{at}/{part}").status_code == 204
        database.expire_all()
    left = api.get(at).json
    assert (left["trades"], left["zones"]) == ([], [])
    assert api.delete(f"{at}/trades/{ground.trade.id}").status_code == 404
    assert api.delete(at).status_code == 204
    assert api.get(at).json["ended"] is True
    assert api.post("/technicians", {"person_id": str(person.id)}).json["cap"] == 8


def test_the_tag_is_demanded_and_guards_what_somebody_else_changed(
    ground: make.Ground, api: Caller, technician: Person, database: Session
) -> None:
    at = f"/technicians/{technician.id}"
    seen = api.get(at).headers["ETag"]
    assert api.get(at).headers["ETag"] == seen, "the same as long as nothing changes"
    assert api.patch(at, {"cap": 7}).status_code == 428
    done = api.patch(at, {"cap": 7}, seen)
    assert (done.status_code, done.json["cap"]) == (200, 7)
    assert done.headers["ETag"] == api.get(at).headers["ETag"] != seen
    late = api.patch(at, {"cap": 9}, seen)
    assert (late.status_code, late.json["current"]) == (412, {"changed": ["cap"]})
    for odd in ('"v3"', "nonsense", '"cap-x"'):
        assert api.patch(at, {"cap": 9}, odd).status_code == 412, odd
    assert api.patch(at, {"cap": 9}, "*").status_code == 200
    seen = api.get(at).headers["ETag"]
    api.post(f"{at}/shifts", {"weekdays": [0], "starts": "08:00", "ends": "12:00"})
    assert api.get(at).headers["ETag"] == seen, "shifts are not his own fields"
    api.post(f"{at}/trades", {"trade": "water", "level": 1})
    late = api.post(f"{at}/trades", {"trade": "water", "level": 3}, seen)
    assert (late.status_code, late.json["current"]) == (412, {"changed": ["trades"]})
    assert api.delete(at, seen).status_code == 412
    assert database.scalars(select(TechnicianProfile.cap)).one() == 9


@pytest.mark.parametrize(
    ("part", "sent", "field"),
    [
        ("", {"cap": 1001}, "cap"),
        ("", {"cap": 3, "load": 0}, "load"),
        ("/trades", {"trade": "nothing", "level": 2}, "trade"),
        ("/trades", {"trade": "water", "level": 4}, "level"),
        ("/zones", {"place_id": "999999"}, "place_id"),
        ("/shifts", {"starts": "08:00", "ends": "17:00"}, "weekdays"),
        ("/shifts", {"weekdays": [7], "starts": "08:00", "ends": "17:00"}, "weekdays.0"),
        ("/shifts", {"weekdays": [1], "starts": "8 Uhr", "ends": "17:00"}, "starts"),
        ("/shifts", {"weekdays": [1], "starts": 8, "ends": "17:00"}, "starts"),
        ("/shifts", {"on": "2026-11-20", "starts": "08:00", "ends": "17:00", "kind": "tea"}, "kind"),
        ("/shifts", {"on": "2026-11-17", "starts": "08:00", "ends": "17:00"}, "on"),
        ("/shifts", {"weekdays": [1], "starts": "08:00", "ends": "17:00", "until": "2026-11-23"}, "until"),
        ("/shifts", {"weekdays": [1], "starts": "08:00", "ends": "17:00", "until": "2026-11-17"}, "until"),
        ("/absences", {"starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-19T00:00:00Z"}, "ends_at"),
        ("/shifts", {"on": "2026-11-20", "weekdays": [1], "starts": "08:00", "ends": "17:00"}, "on"),
        ("/shifts", {"on": "2026-11-20", "until": "2026-11-30", "starts": "08:00", "ends": "17:00"}, "on"),
        ("/absences", {"starts_at": "2026-11-16T00:00:00Z", "ends_at": "2026-11-17T00:00:00Z"}, "ends_at"),
        ("/absences", {"starts_at": "tomorrow", "ends_at": "2026-11-19T00:00:00Z"}, "starts_at"),
    ],
)
def test_what_makes_no_sense_names_its_field(
    api: Caller, technician: Person, part: str, sent: dict[str, Any], field: str
) -> None:
    at = f"/technicians/{technician.id}{part}"
    refused = api.post(at, sent) if part else api.patch(at, sent, "*")
    assert (refused.status_code, [each["field"] for each in refused.json["errors"]]) == (422, [field])


def test_a_duty_that_is_over_is_refused(ground: make.Ground, api: Caller) -> None:
    sent = {"person_id": str(ground.dispatcher.id), "starts_at": "2026-11-16T00:00:00Z", "campus": None}
    refused = api.post("/duty-roster", {**sent, "ends_at": "2026-11-17T00:00:00Z"})
    assert (refused.status_code, [each["field"] for each in refused.json["errors"]]) == (422, ["ends_at"])
    assert api.post("/duty-roster", {**sent, "ends_at": "2026-11-19T00:00:00Z"}).status_code == 201


def test_a_zone_he_has_already_is_taken_and_leaves_no_trace(
    ground: make.Ground, api: Caller, technician: Person, database: Session
) -> None:
    at, sent = f"/technicians/{technician.id}/zones", {"place_id": str(ground.building.id)}
    first = api.post(at, sent)
    again = api.post(at, sent)
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert verbs(database, technician) == ["technician.zone"]


def test_weekdays_that_come_no_more_are_left_out(api: Caller, technician: Person) -> None:
    """It is Wednesday: of a week from Monday to Friday three days are left."""
    sent = {"weekdays": [0, 1, 2, 3, 4], "starts": "08:00", "ends": "17:00", "until": "2026-11-20"}
    made = api.post(f"/technicians/{technician.id}/shifts", sent)
    assert [each["weekday"] for each in made.json["items"]] == [2, 3, 4]


def test_shifts_that_can_begin_no_more_are_neither_listed_nor_ended(
    api: Caller, technician: Person, database: Session, client: FlaskClient, now: datetime
) -> None:
    today = now.date()  # a Wednesday
    day, night = (time(8), time(12)), (time(22), time(6))
    rows = {
        "for good": (day, 0, None, None),
        "empty": (day, 2, today + 3 * ONE_DAY, today + 3 * ONE_DAY),
        "none in its span": (day, 2, today + ONE_DAY, today + 7 * ONE_DAY),
        "once in its span": (day, 2, today + ONE_DAY, today + 8 * ONE_DAY),
        "its last day was Monday": (day, 0, None, today + ONE_DAY),
        "yesterday by day": (day, 1, today - ONE_DAY, today),
        "yesterday by night": (night, 1, today - ONE_DAY, today),
        "by night the day before": (night, 0, None, today - ONE_DAY),
        "today": (day, 2, today, today + ONE_DAY),
    }
    made = {}
    for name, ((starts, ends), weekday, since, until) in rows.items():
        made[name] = Shift(
            person_id=technician.id, weekday=weekday, starts=starts, ends=ends, valid_from=since, valid_to=until
        )
    database.add_all(made.values())
    database.flush()
    listed = [each["id"] for each in api.get(f"/technicians/{technician.id}/shifts").json["items"]]
    expected = {"for good", "once in its span", "yesterday by night", "today"}
    assert {name for name, row in made.items() if str(row.id) in listed} == expected
    page = accounts.sign_in(client, accounts.person("supervisor")).get(f"/crews/technicians/{technician.id}").text
    assert {name for name, row in made.items() if f"/shifts/{row.id}/end" in page} == expected


def test_the_list_and_the_rule_agree_which_shifts_still_count(
    api: Caller, technician: Person, database: Session, now: datetime
) -> None:
    days = [now.date() + number * ONE_DAY for number in (-9, -1, 0, 1, 4)]
    made = [
        Shift(person_id=technician.id, weekday=weekday, starts=time(8), ends=ends, valid_from=since, valid_to=until)
        for weekday, ends, since, until in product(range(7), (time(12), time(8)), (None, *days), (None, *days))
        if since is None or until is None or since <= until
    ]
    database.add_all(made)
    database.flush()
    listed = {row.id for row in queries.shifts_of([technician.id], now.date())}
    assert listed == {row.id for row in made if still_counts(row, now.date())}


@pytest.mark.parametrize(("locale", "said"), [("en", "on 5 Jan 2027"), ("zh-CN", "2027年1月5日当天")])
def test_a_shift_of_one_day_is_said_as_one(
    api: Caller, technician: Person, client: FlaskClient, locale: str, said: str
) -> None:
    made = api.post(f"/technicians/{technician.id}/shifts", {"on": "2027-01-05", "starts": "08:00", "ends": "12:00"})
    assert made.status_code == 201
    planner = accounts.sign_in(client, accounts.person("supervisor", locale=locale))
    page = planner.get(f"/crews/technicians/{technician.id}").text
    assert f'<span class="row__s">{said}</span>' in page


def test_a_closed_trade_is_not_given(ground: make.Ground, api: Caller, technician: Person, now: datetime) -> None:
    ground.trade.valid_to = now.date()
    refused = api.post(f"/technicians/{technician.id}/trades", {"trade": "water", "level": 2})
    assert [each["field"] for each in refused.json["errors"]] == ["trade"]


def test_who_cannot_be_admitted(ground: make.Ground, api: Caller, technician: Person) -> None:
    again = api.post("/technicians", {"person_id": str(technician.id)})
    assert [each["field"] for each in again.json["errors"]] == ["person_id"]
    assert api.post("/technicians", {"person_id": "999999"}).status_code == 404
    assert api.get(f"/technicians/{ground.student.id}").status_code == 404


def test_the_same_key_admits_once(ground: make.Ground, api: Caller) -> None:
    person = accounts.person("technician")
    first = api.post("/technicians", {"person_id": str(person.id)}, key="once")
    again = api.post("/technicians", {"person_id": str(person.id)}, key="once")
    assert (first.status_code, first.json, first.headers["ETag"]) == (201, again.json, again.headers["ETag"])


def test_absences_begin_end_and_are_taken_back(api: Caller, technician: Person, database: Session) -> None:
    at = f"/technicians/{technician.id}/absences"
    begun = api.post(at, {"starts_at": "2026-11-18T00:00:00Z", "ends_at": "2026-11-20T00:00:00Z", "reason": "ill"})
    later = api.post(at, {"starts_at": "2026-12-01T08:00:00+08:00", "ends_at": "2026-12-02T00:00:00Z"})
    assert begun.status_code == later.status_code == 201
    assert later.json["starts_at"] == "2026-12-01T00:00:00Z"
    assert api.get(at).json == {"items": [begun.json, later.json], "next": None}
    assert api.get(f"/technicians/{technician.id}").json["away_until"] == "2026-11-20T00:00:00Z"
    first = api.get(f"{at}?limit=1").json
    assert api.get(f"{at}?limit=1&cursor={first['next']}").json["items"] == [later.json]
    for one in (begun, later):
        assert api.delete(f"{at}/{one.json['id']}").status_code == 204
    kept = database.scalars(select(Absence)).one()
    assert (str(kept.id), kept.ends_at.isoformat()) == (begun.json["id"], "2026-11-18T02:00:00+00:00")
    assert api.delete(f"{at}/{begun.json['id']}").status_code == 404
    assert verbs(database, technician) == ["absence.add", "absence.add", "absence.end", "absence.end"]


def test_a_week_is_read_changed_and_copied(
    ground: make.Ground, api: Caller, technician: Person, database: Session
) -> None:
    crew = accounts.crew(technician)
    ground.technician()
    api.post(f"/technicians/{technician.id}/shifts", {"weekdays": [3, 4], "starts": "08:00", "ends": "12:00"})
    plan = api.get(f"/week-plan?of=2026-11-22&crew={crew.id}").json
    assert plan["monday"] == "2026-11-16"
    (mine,) = plan["items"]
    assert (mine["person"]["id"], mine["hours"]) == (str(technician.id), 8.0)
    assert [day["line"] for day in mine["days"]] == ["", "", "", "8-12", "8-12", "", ""]
    change = {"person_id": str(technician.id), "day": "2026-11-19", "was": "8-12", "line": "14-18 +20-22"}
    off = {"person_id": str(technician.id), "day": "2026-11-20", "was": "8-12", "line": "x"}
    assert api.post("/week-plan", {"changes": [change, off]}).json == {"changed": 2}
    database.expire_all()
    days = api.get("/week-plan?of=2026-11-18").json["items"]
    mine = next(each for each in days if each["person"]["id"] == str(technician.id))
    assert [day["line"] for day in mine["days"]][3:5] == ["14-18 +20-22", "x"]
    assert mine["hours"] == 4.0
    late = api.post("/week-plan", {"changes": [off, {**change, "line": "x"}]})
    assert late.status_code == 422
    assert [each["field"] for each in late.json["errors"]] == ["changes.1.line"]
    twice = api.post("/week-plan", {"changes": [change, change]})
    assert [each["field"] for each in twice.json["errors"]] == ["changes.1.day"]
    past = api.post("/week-plan", {"changes": [{**change, "day": "2026-11-17", "was": "", "line": "8-9"}]})
    assert [each["field"] for each in past.json["errors"]] == ["changes.0.line"]
    stranger = {**change, "person_id": str(ground.student.id)}
    assert api.post("/week-plan", {"changes": [stranger]}).status_code == 404
    empty = [
        {"person_id": str(technician.id), "day": day, "was": "8-12", "line": ""} for day in ("2026-11-26", "2026-11-27")
    ]
    assert api.post("/week-plan", {"changes": empty}).json == {"changed": 2}
    copied = api.post("/week-plan/copy", {"of": "2026-11-25", "person_ids": [str(technician.id)]})
    assert copied.json == {"changed": 2}
    assert database.scalars(select(Shift).where(Shift.starts == time(20))).all()
    assert verbs(database, technician) == ["technician.shift", "week.plan", "week.plan", "week.plan"]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"person_id": "999999999"}, 404, None),
        ({"day": "2026-11-17"}, 422, "line"),
        ({"was": "8 Uhr", "line": "8 Uhr"}, 422, "line"),
        ({"was": "8-9", "line": "8-9"}, 422, "line"),
        ({"was": None}, 422, "was"),
        ({"line": None}, 422, "line"),
        ({}, 200, None),
    ],
)
def test_a_day_that_is_to_stay_is_looked_at_like_any_other(
    api: Caller, technician: Person, change: dict[str, Any], status: int, field: str | None
) -> None:
    sent = {"person_id": str(technician.id), "day": "2026-11-19", "was": "", "line": ""} | change
    answer = api.post("/week-plan", {"changes": [{name: each for name, each in sent.items() if each is not None}]})
    assert answer.status_code == status
    if status == 200:
        assert answer.json == {"changed": 0}
    if field is not None:
        assert [each["field"] for each in answer.json["errors"]] == [f"changes.0.{field}"]


def test_planning_ends_where_the_scope_ends(ground: make.Ground, client: FlaskClient, technician: Person) -> None:
    """Somebody who plans another campus finds nobody of this one, and gives nobody a place here."""
    other = make.place("campus", "北校区")
    stranger = Caller(client, accounts.person("supervisor", scope_kind="campus", scope_id=other.id))
    at = f"/technicians/{technician.id}"
    change = {"person_id": str(technician.id), "day": "2026-11-19", "was": "", "line": "8-9"}
    answers = [
        stranger.get(at),
        stranger.patch(at, {"cap": 1}, "*"),
        stranger.delete(at),
        stranger.post(f"{at}/trades", {"trade": "water", "level": 2}),
        stranger.post(f"{at}/zones", {"place_id": str(other.id)}),
        stranger.get(f"{at}/shifts"),
        stranger.post(f"{at}/shifts", {"on": "2026-11-20", "starts": "08:00", "ends": "09:00"}),
        stranger.get(f"{at}/absences"),
        stranger.post(f"{at}/absences", {"starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-21T00:00:00Z"}),
        stranger.post("/week-plan", {"changes": [change]}),
        stranger.post("/week-plan/copy", {"of": "2026-11-25", "person_ids": [str(technician.id)]}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert stranger.get("/technicians").json["items"] == stranger.get("/week-plan").json["items"] == []


def test_a_token_without_the_right_plans_nothing(ground: make.Ground, client: FlaskClient, technician: Person) -> None:
    narrow = Caller(client, accounts.person("supervisor"), scopes=["tickets.dispatch"])
    assert narrow.get("/technicians").status_code == 403
    assert Caller(client, technician).get(f"/technicians/{technician.id}").status_code == 403


def test_a_tag_is_compared_by_its_own_fields_alone(ground: make.Ground, api: Caller, technician: Person) -> None:
    """Trades and places are read beside the locked row; shifts, absences and load are not asked for."""
    at = f"/technicians/{technician.id}"
    shown, counts = api.get(at), []
    for seen in ("*", "*", shown.headers["ETag"]):
        with counted() as statements:
            assert api.patch(at, {"cap": shown.json["cap"]}, seen).status_code == 200
        counts.append(len(statements))
    assert counts[2] - counts[1] == 2


def test_lists_ask_as_much_however_many_they_show(ground: make.Ground, api: Caller, client: FlaskClient) -> None:
    admin = Caller(client, accounts.person("admin"))
    lists = ["/technicians", "/week-plan", "/catalogue/trades", "/catalogue/categories"]

    def asked() -> list[int]:
        counts = []
        for who, path in [*((api, path) for path in lists), (admin, "/crews")]:
            who.get(path)  # what is kept from one request to the next is there
            with counted() as statements:
                assert who.get(path).status_code == 200
            counts.append(len(statements))
        return counts

    accounts.crew(ground.technician())
    few = asked()
    for number in range(4):
        accounts.crew(ground.technician(), ground.technician())
        make.category(f"c{number}", make.trade(f"t{number}", "木", "Wood"), "木", "Wood")
    assert asked() == few
