"""Planning: who can be offered work, when and where, and who leads; exact, audited, within one's scope."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.core.errors import Rejected
from app.tickets.models import Absence, DutyRoster, Shift, TechnicianProfile, TechnicianTrade
from app.tickets.queries import candidates, crews
from app.tickets.services import dispatching, technicians
from tests.counting import counted
from tests.editing import press
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import filed

pytestmark = pytest.mark.usefixtures("frozen")


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_from_nobody_to_the_first_offer(
    ground: make.Ground, now: datetime, planner: FlaskClient, database: Session
) -> None:
    """Somebody is admitted, gets trade, place and shift, and is offered the order that waited."""
    person = accounts.person("technician", name="新师傅", username="newtech")
    order_id = filed(ground)
    sent = planner.post("/crews/technicians/new", data={"who": "newtech", "cap": "3"})
    page = f"/crews/technicians/{person.id}"
    assert (sent.status_code, sent.headers["Location"]) == (303, page)
    shown = text(planner, page)
    assert shown.count("nothing is offered.") == 3
    steps = [
        ("trades", {"trade_trade": ground.trade.id, "trade_level": "3"}),
        ("zones", {"zone_place_id": ground.campus.id}),
        ("shifts", {"shift_weekdays": ["2"], "shift_starts": "08:00", "shift_ends": "17:30"}),
    ]
    for where, data in steps:
        assert dispatching.dispatch_order(actor=Actor.system(1), now=now, order_id=order_id).state == "queued"
        assert planner.post(f"{page}/{where}", data=data).status_code == 303, where
        database.expire_all()
    done = dispatching.dispatch_order(actor=Actor.system(1), now=now, order_id=order_id)
    assert done is not None
    assert (done.state, done.assignee_id) == ("offered", person.id)
    shown = text(planner, page)
    assert "On duty until 17:30" in shown
    assert "level 3, master" in shown
    assert "1 in hand" in shown
    entries = select(AuditEntry.verb).where(AuditEntry.object_id == person.id).order_by(AuditEntry.id)
    verbs = list(database.scalars(entries))
    assert verbs == ["technician.admit", "technician.trade", "technician.zone", "technician.shift"]


def test_a_shift_over_midnight_stands_on_both_days(ground: make.Ground, now: datetime, planner: FlaskClient) -> None:
    person = ground.technician(on_shift=False)
    page = f"/crews/technicians/{person.id}"
    data = {"shift_on": "2026-11-19", "shift_starts": "22:00", "shift_ends": "06:00", "shift_kind": "duty"}
    assert planner.post(f"{page}/shifts", data=data).status_code == 303
    shown = text(planner, page)
    assert "22:00–24:00" in shown
    assert "00:00–06:00" in shown
    found = candidates.some([person.id], now=now + timedelta(days=1, hours=15), zone="Asia/Shanghai")
    assert [f"{span.start:%d %H}-{span.end:%d %H}" for span in found[0].shifts] == ["19 14-19 22"]


@pytest.mark.parametrize(
    ("where", "data", "said"),
    [
        ("trades", {"trade_trade": "999999", "trade_level": "2"}, "This trade does not exist."),
        ("trades", {"trade_trade": "x", "trade_level": "9"}, "Choose one of the offered values."),
        ("zones", {}, "Choose a place."),
        ("zones", {"zone_place_id": "999999"}, "Choose a place."),
        (
            "shifts",
            {"shift_starts": "8 Uhr", "shift_ends": "17:00", "shift_weekdays": ["0"]},
            "Give a time, like 08:00.",
        ),
        ("shifts", {"shift_starts": "08:00", "shift_ends": "17:00"}, "Choose at least one day of the week"),
        ("shifts", {"shift_starts": "08:00", "shift_ends": "17:00", "shift_weekdays": ["7"]}, "Choose one of the"),
        (
            "shifts",
            {
                "shift_starts": "08:00",
                "shift_ends": "17:00",
                "shift_weekdays": ["1"],
                "shift_since": "2026-12-02",
                "shift_until": "2026-12-01",
            },
            "The end has to come after the beginning.",
        ),
        (
            "absences",
            {"absence_starts_at": "2026-11-20T08:00", "absence_ends_at": "2026-11-19T08:00"},
            "The end has to",
        ),
        (
            "absences",
            {"absence_starts_at": "tomorrow", "absence_ends_at": "2026-11-19T08:00"},
            "Give a day and a time.",
        ),
        ("cap", {"cap_cap": "-1"}, "Give a number of orders between 0 and 1000."),
        ("cap", {"cap_cap": "many"}, "Give a number."),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(
    where: str, data: dict[str, object], said: str, ground: make.Ground, planner: FlaskClient, database: Session
) -> None:
    person = ground.technician(on_shift=False)
    answer = planner.post(f"/crews/technicians/{person.id}/{where}", data=data)
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    assert database.scalars(select(Shift)).all() == []
    assert database.scalars(select(Absence)).all() == []


def test_things_end_by_date_and_come_back(
    ground: make.Ground, now: datetime, planner: FlaskClient, database: Session
) -> None:
    person = ground.technician()
    page = f"/crews/technicians/{person.id}"
    assert planner.post(f"{page}/trades/{ground.trade.id}/end").status_code == 303
    assert planner.post(f"{page}/trades/{ground.trade.id}/end").status_code == 404
    assert candidates.technicians(trade_id=ground.trade.id, now=now, zone=None) == []
    planner.post(f"{page}/trades", data={"trade_trade": ground.trade.id, "trade_level": "1"})
    database.expire_all()
    row = database.scalars(select(TechnicianTrade)).one()
    assert (row.level, row.valid_to) == (1, None)
    assert planner.post(f"{page}/zones/{ground.campus.id}/end").status_code == 303
    assert "Without a place nothing is offered." in text(planner, page)
    shift = database.scalars(select(Shift).where(Shift.weekday == 2)).one()
    assert planner.post(f"{page}/shifts/{shift.id}/end").status_code == 303
    database.expire_all()
    assert str(database.scalars(select(Shift).where(Shift.weekday == 2)).one().valid_to) == "2026-11-19"
    assert planner.post(f"{page}/end").headers["Location"] == "/crews/technicians"
    assert f'href="{page}"' not in text(planner, "/crews/technicians")
    assert "No longer a technician" in text(planner, page)
    assert planner.post(f"{page}/again").status_code == 303
    assert f'href="{page}"' in text(planner, "/crews/technicians")


def test_an_absence_begins_and_ends(
    ground: make.Ground, now: datetime, planner: FlaskClient, database: Session
) -> None:
    person = ground.technician()
    page = f"/crews/technicians/{person.id}"
    data = {"absence_starts_at": "2026-11-18T08:00", "absence_ends_at": "2026-11-20T08:00", "absence_reason": "病假"}
    assert planner.post(f"{page}/absences", data=data).status_code == 303
    assert "Away until 20 Nov, 08:00" in text(planner, page)
    absence = database.scalars(select(Absence)).one()
    assert absence.starts_at.isoformat() == "2026-11-18T00:00:00+00:00"
    assert planner.post(f"{page}/absences/{absence.id}/end").status_code == 303
    database.expire_all()
    assert database.scalars(select(Absence)).one().ends_at == now
    assert "On duty" in text(planner, page)
    data = {"absence_starts_at": "2026-11-25T08:00", "absence_ends_at": "2026-11-26T08:00"}
    planner.post(f"{page}/absences", data=data)
    later = database.scalars(select(Absence).order_by(Absence.id.desc())).first()
    assert later is not None
    assert planner.post(f"{page}/absences/{later.id}/end").status_code == 303
    assert len(database.scalars(select(Absence)).all()) == 1


def test_the_duty_roster(ground: make.Ground, now: datetime, planner: FlaskClient, database: Session) -> None:
    lead = accounts.person("dutylead", name="钱组长", username="lead")
    data = {"who": "lead", "campus": ground.campus.id, "trade": ground.trade.id, "starts_at": "2026-11-18T08:00"}
    assert planner.post("/crews/technicians/duty", data={**data, "ends_at": "2026-11-17T08:00"}).status_code == 422
    assert planner.post("/crews/technicians/duty", data={**data, "campus": ground.room.id}).status_code == 422
    assert planner.post("/crews/technicians/duty", data={**data, "who": "nobody at all"}).status_code == 422
    assert planner.post("/crews/technicians/duty", data=data).status_code == 303
    assert crews.duty_leads(campus_id=ground.campus.id, trade_id=ground.trade.id, now=now) == (lead.id,)
    assert "钱组长" in text(planner, "/crews/technicians/duty")
    row = database.scalars(select(DutyRoster)).one()
    assert planner.post(f"/crews/technicians/duty/{row.id}/end").status_code == 303
    assert planner.post(f"/crews/technicians/duty/{row.id}/end").status_code == 404
    assert "Nobody is named" in text(planner, "/crews/technicians/duty")


def test_the_list_is_searched_filtered_and_constant(ground: make.Ground, planner: FlaskClient) -> None:
    one, other = ground.technician(), ground.technician()
    planner.get("/crews/technicians")
    with counted() as few:
        planner.get("/crews/technicians")
    for _each in range(6):
        ground.technician()
    with counted() as many:
        page = text(planner, "/crews/technicians")
    assert len(many) == len(few) <= 10
    assert one.name in page
    found = text(planner, f"/crews/technicians?q={other.name}")
    assert f"/crews/technicians/{other.id}" in found
    assert f"/crews/technicians/{one.id}" not in found
    assert "Nobody fits." in text(planner, "/crews/technicians?trade=carpentry")
    assert f"/crews/technicians/{one.id}" in text(planner, "/crews/technicians?trade=water&limit=100")


def test_a_supervisor_of_another_campus_plans_his_own(
    ground: make.Ground, login: Callable[..., FlaskClient], database: Session
) -> None:
    other = make.place("campus", "北校区")
    mine = ground.technician()
    client = login(accounts.person("supervisor", scope_kind="campus", scope_id=other.id))
    page = f"/crews/technicians/{mine.id}"
    assert client.get(page).status_code == 404
    for where in ("cap", "trades", "zones", "shifts", "absences", "end", f"trades/{ground.trade.id}/end"):
        assert client.post(f"{page}/{where}").status_code == 404, where
    database.add(TechnicianProfile(person_id=accounts.person("technician").id, cap=1))
    database.flush()
    free = database.scalars(select(TechnicianProfile).order_by(TechnicianProfile.id.desc())).first()
    assert free is not None
    page = f"/crews/technicians/{free.person_id}"
    assert client.post(f"{page}/zones", data={"zone_place_id": ground.campus.id}).status_code == 422
    assert client.post(f"{page}/zones", data={"zone_place_id": other.id}).status_code == 303
    data = {"person_id": free.person_id, "campus": ground.campus.id, "starts_at": "2026-11-18T08:00"}
    assert client.post("/crews/technicians/duty", data=data).status_code == 404


@pytest.mark.parametrize("role", ["student", "technician", "leader", "dutylead"])
def test_planning_is_for_those_who_plan(role: str, login: Callable[..., FlaskClient], database: Session) -> None:
    client = login(accounts.person(role))
    for path in ("", "/new", "/duty", "/1"):
        assert client.get(f"/crews/technicians{path}").status_code == 403
    for path in ("/new", "/duty", "/1/cap", "/1/zones", "/1/shifts", "/1/shifts/1/end", "/1/end", "/duty/1/end"):
        assert client.post(f"/crews/technicians{path}").status_code == 403


def test_shift_times_are_kept_to_the_minute(ground: make.Ground, planner: FlaskClient, database: Session) -> None:
    person: Person = ground.technician(on_shift=False)
    data = {"shift_weekdays": ["0", "4"], "shift_starts": "08:30", "shift_ends": "24:00", "shift_kind": "on_call"}
    assert planner.post(f"/crews/technicians/{person.id}/shifts", data=data).status_code == 303
    rows = database.scalars(select(Shift).order_by(Shift.weekday)).all()
    assert [(row.weekday, row.starts, row.ends, row.kind) for row in rows] == [
        (0, time(8, 30), time(0), "on_call"),
        (4, time(8, 30), time(0), "on_call"),
    ]


def test_whoever_was_one_elsewhere_is_admitted_there(ground: make.Ground, database: Session, now: datetime) -> None:
    other = make.place("campus", "北校区")
    once = ground.technician()
    planner, stranger = (
        accounts.actor(accounts.person("supervisor", scope_kind="campus", scope_id=place.id))
        for place in (ground.campus, other)
    )
    technicians.end(actor=planner, now=now, person_id=once.id)
    with pytest.raises(Rejected) as refused:
        technicians.admit(actor=stranger, now=now, person_id=once.id, cap=9)
    assert list(refused.value.fields) == ["person_id"]
    technicians.admit(actor=planner, now=now, person_id=once.id, cap=3)
    technicians.admit(actor=stranger, now=now, person_id=accounts.person("technician").id, cap=2)  # nobody's yet


def test_a_limit_is_changed_of_one_person_at_a_time_and_noted(
    ground: make.Ground, now: datetime, planner: FlaskClient, database: Session
) -> None:
    """Whatever is planned, offered or done, nobody else's limit moves, and none becomes what somebody holds."""
    one, other, third = ground.technician(cap=5), ground.technician(cap=4), ground.technician(cap=0)

    def caps() -> dict[int, int]:
        database.expire_all()
        rows = database.execute(select(TechnicianProfile.person_id, TechnicianProfile.cap))
        return {row.person_id: row.cap for row in rows if row.person_id in (one.id, other.id, third.id)}

    order_id = filed(ground)
    dispatching.assign(actor=make.actor(ground.dispatcher), now=now, order_id=order_id, assignee_id=other.id, seen=None)
    assert caps() == {one.id: 5, other.id: 4, third.id: 0}
    at = f"/crews/technicians/{one.id}"
    assert press(planner, at, f"{at}/cap", {"cap_cap": "7"}).status_code == 303
    text(planner, "/crews/technicians")
    text(planner, f"/crews/technicians/{other.id}")
    assert caps() == {one.id: 7, other.id: 4, third.id: 0}
    noted = database.execute(
        select(AuditEntry.object_id, AuditEntry.before, AuditEntry.after).where(AuditEntry.verb == "technician.cap")
    ).all()
    assert [(int(row.object_id), row.before, row.after) for row in noted] == [(one.id, {"cap": 5}, {"cap": 7})]
    technicians.end(actor=make.actor(ground.dispatcher), now=now, person_id=third.id)
    technicians.admit(actor=make.actor(ground.dispatcher), now=now, person_id=third.id, cap=2)
    assert caps() == {one.id: 7, other.id: 4, third.id: 2}
