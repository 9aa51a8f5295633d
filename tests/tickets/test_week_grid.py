"""The week on one grid: lines become shifts, on-call turns and absences, exactly; nobody overwrites another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.tickets.models import Absence, Shift
from app.tickets.queries import candidates, week
from app.tickets.services import dispatching
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import filed

pytestmark = pytest.mark.usefixtures("frozen")

ZONE = ZoneInfo("Asia/Shanghai")
TODAY, FRIDAY, SUNDAY = date(2026, 11, 18), date(2026, 11, 20), date(2026, 11, 22)
ADDRESS = "/crews/technicians/week"


def cell(person_id: int, day: date, wanted: str, was: str = "") -> dict[str, str]:
    name = f"p{person_id}_{day:%Y%m%d}"
    return {name: wanted, f"was_{name}": was}


def save(planner: FlaskClient, *cells: dict[str, str], **more: Any) -> Any:
    sent: dict[str, Any] = {"of": TODAY.isoformat(), **more}
    for one in cells:
        sent |= one
    return planner.post(ADDRESS, data=sent)


def line(person_id: int, day: date) -> str:
    weeks = week.around([person_id], day, day, ZONE)
    return weeks[person_id].plan(day, ZONE).text


def test_a_line_becomes_shifts_that_dispatch_knows(
    ground: make.Ground, planner: FlaskClient, database: Session, now: datetime
) -> None:
    person = ground.technician(on_shift=False)
    order_id = filed(ground)
    system = Actor.system(1)
    done = dispatching.dispatch_order(actor=system, now=now, order_id=order_id)
    assert done is not None
    assert done.state == "queued"
    answer = save(planner, cell(person.id, TODAY, "8-17:30"), cell(person.id, FRIDAY, "22-6 +6-8"))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{ADDRESS}?of=2026-11-16")
    again = dispatching.dispatch_order(actor=system, now=now, order_id=order_id)
    assert again is not None
    assert (again.state, again.assignee_id) == ("offered", person.id)
    assert (line(person.id, TODAY), line(person.id, FRIDAY)) == ("8-17:30", "+6-8 22-6")
    (found,) = candidates.some([person.id], now=now + timedelta(days=2, hours=15), zone="Asia/Shanghai")
    assert [f"{span.start:%d %H}-{span.end:%d %H}" for span in found.shifts] == ["20 14-20 22"]
    page = planner.get(f"{ADDRESS}?of=2026-11-20").get_data(as_text=True)
    assert 'value="8-17:30"' in page
    assert "17.5 h on duty" in page
    entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "week.plan")).one()
    assert entry.after == {"2026-11-18": "8-17:30", "2026-11-20": "+6-8 22-6"}


def test_a_weekly_shift_is_planned_away_on_one_day_only(
    ground: make.Ground, planner: FlaskClient, database: Session
) -> None:
    person = ground.technician()
    assert save(planner, cell(person.id, FRIDAY, "12-20", was="0-24")).status_code == 303
    for day, said in ((TODAY, "0-24"), (FRIDAY, "12-20"), (SUNDAY, "0-24"), (FRIDAY + timedelta(days=7), "0-24")):
        assert line(person.id, day) == said, day
    assert line(person.id, FRIDAY - timedelta(days=7)) == "0-24", "what was true stays readable"


def test_away_and_back_in_the_middle_of_a_long_absence(
    ground: make.Ground, planner: FlaskClient, database: Session, now: datetime
) -> None:
    person = ground.technician()
    start = datetime.combine(TODAY + timedelta(days=1), time(0), ZONE)
    database.add(Absence(person_id=person.id, starts_at=start, ends_at=start + timedelta(days=3), reason="年假"))
    database.flush()
    assert (
        save(planner, cell(person.id, FRIDAY, "8-12", was="x"), cell(person.id, SUNDAY, "x", was="0-24")).status_code
        == 303
    )
    assert [line(person.id, TODAY + timedelta(days=offset)) for offset in range(5)] == ["0-24", "x", "8-12", "x", "x"]
    kept = database.scalars(select(Absence.reason).order_by(Absence.starts_at)).all()
    assert list(kept) == ["年假", "年假", None]
    assert save(planner, cell(person.id, SUNDAY, "", was="x")).status_code == 303
    assert line(person.id, SUNDAY) == ""


def test_days_away_are_given_back_and_a_shift_of_one_day_is_moved(ground: make.Ground, planner: FlaskClient) -> None:
    """The browser sends the whole row: what was not touched stays."""
    person = ground.technician(on_shift=False)
    before = {TODAY: "x", FRIDAY: "x", SUNDAY: "8-12", SUNDAY - timedelta(days=1): "x"}
    after = {**before, TODAY: "", FRIDAY: "8-12", SUNDAY: "13-17"}
    assert save(planner, *(cell(person.id, day, said) for day, said in before.items())).status_code == 303
    cells = (cell(person.id, day, said, was=before[day]) for day, said in after.items())
    assert save(planner, *cells).status_code == 303
    assert {day: line(person.id, day) for day in after} == after


def test_an_absence_of_some_hours_is_shown_and_left_alone(
    ground: make.Ground, planner: FlaskClient, database: Session, now: datetime
) -> None:
    person = ground.technician()
    database.add(
        Absence(person_id=person.id, starts_at=now + timedelta(days=2), ends_at=now + timedelta(days=2, hours=2))
    )
    database.flush()
    assert "away 20 Nov, 10:00" in planner.get(ADDRESS).get_data(as_text=True)
    assert save(planner, cell(person.id, FRIDAY, "9-17", was="0-24")).status_code == 303
    assert len(database.scalars(select(Absence)).all()) == 1


def test_what_makes_no_sense_keeps_the_whole_week_as_it_was(
    ground: make.Ground, planner: FlaskClient, database: Session
) -> None:
    one, two = ground.technician(on_shift=False), ground.technician(on_shift=False)
    answer = save(planner, cell(one.id, FRIDAY, "8-17"), cell(two.id, FRIDAY, "in the morning"))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Write times like 8-12 14-17:30" in page
    assert 'value="in the morning"' in page
    assert 'value="8-17"' in page
    assert database.scalars(select(Shift)).all() == []


def test_of_two_who_plan_a_day_the_second_sees_what_the_first_wrote(
    ground: make.Ground, planner: FlaskClient, database: Session
) -> None:
    person = ground.technician(on_shift=False)
    assert save(planner, cell(person.id, FRIDAY, "8-12")).status_code == 303
    answer = save(planner, cell(person.id, FRIDAY, "13-17"), cell(person.id, SUNDAY, "9-10"))
    assert answer.status_code == 422
    assert "Somebody has changed it to “8-12” meanwhile." in answer.get_data(as_text=True)
    assert (line(person.id, FRIDAY), line(person.id, SUNDAY)) == ("8-12", "")
    same = save(planner, cell(person.id, FRIDAY, "8-12"))
    assert same.status_code == 303, "who wants what is there already is not refused"


def test_yesterday_is_over(ground: make.Ground, planner: FlaskClient, database: Session) -> None:
    person = ground.technician(on_shift=False)
    answer = save(planner, cell(person.id, TODAY - timedelta(days=1), "8-12"))
    assert answer.status_code == 422
    assert f'name="p{person.id}_20261117"' not in planner.get(ADDRESS).get_data(as_text=True)


def test_last_week_fills_the_empty_days(ground: make.Ground, planner: FlaskClient, database: Session) -> None:
    person = ground.technician(on_shift=False)
    for offset, hours in ((-7, (8, 12)), (-5, (8, 17)), (-3, (22, 6))):
        day = TODAY + timedelta(days=offset)
        database.add(
            Shift(
                person_id=person.id,
                weekday=day.weekday(),
                starts=time(hours[0]),
                ends=time(hours[1]),
                valid_from=day,
                valid_to=day + timedelta(days=1),
            )
        )
    database.flush()
    save(planner, cell(person.id, FRIDAY, "9-10"))
    assert planner.post(f"{ADDRESS}/copy", data={"of": TODAY.isoformat()}).status_code == 303
    assert [line(person.id, day) for day in (TODAY, FRIDAY, SUNDAY)] == ["8-12", "9-10", "22-6"]
    assert line(person.id, TODAY + timedelta(days=1)) == ""


def test_only_who_plans_somebody_may_plan_his_week(
    ground: make.Ground, login: Callable[..., FlaskClient], database: Session
) -> None:
    person = ground.technician()
    far = make.place("campus", "北校区")
    browser = login(accounts.person("supervisor", scope_kind="campus", scope_id=far.id))
    assert save(browser, cell(person.id, FRIDAY, "x", was="0-24")).status_code == 404
    assert person.name not in browser.get(ADDRESS).get_data(as_text=True)
    assert login(ground.student).get(ADDRESS).status_code == 403


@pytest.mark.parametrize(
    "name", ["p0_20261120", "p99999999999999999999_20261120", "p1_20269999", "p1_2026112", "q1_20261120"]
)
def test_strange_fields_are_nobodys(name: str, ground: make.Ground, planner: FlaskClient, database: Session) -> None:
    answer = planner.post(ADDRESS, data={"of": TODAY.isoformat(), name: "8-12", f"was_{name}": ""})
    assert answer.status_code == 303
    assert database.scalars(select(Shift)).all() == []


def test_the_grid_takes_the_same_few_statements_however_many_people(ground: make.Ground, planner: FlaskClient) -> None:
    ground.technician()
    planner.get(ADDRESS)
    with counted() as few:
        planner.get(ADDRESS)
    for _ in range(6):
        ground.technician()
    with counted() as many:
        planner.get(ADDRESS)
    assert len(few) == len(many) <= 6


def test_it_is_narrowed_to_a_crew_and_to_a_week(ground: make.Ground, planner: FlaskClient) -> None:
    inside, outside = ground.technician(), ground.technician()
    crew = accounts.crew(inside)
    page = planner.get(f"{ADDRESS}?crew={crew.id}&of=2026-12-31").get_data(as_text=True)
    assert inside.name in page
    assert outside.name not in page
    assert f'href="{ADDRESS}?of=2026-12-21&amp;crew={crew.id}"' in page
    assert planner.get(f"{ADDRESS}?of=never").status_code == 422
