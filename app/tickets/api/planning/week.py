"""The week plan over the API: days of many technicians, read and changed a line of text per day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from app.core import clock, i18n
from app.core.http import accepts, answers, current_actor, policy
from app.tickets import policies
from app.tickets.api.planning.entry import blueprint
from app.tickets.queries import technicians
from app.tickets.queries import week as queries
from app.tickets.schemas.planning import hours as schemas
from app.tickets.services import week as services
from app.tickets.services.week import Cell


@blueprint.route("/week-plan", methods=["GET"])
@accepts(blueprint, schemas.WeekPlanQuery, location="query")
@answers(blueprint, 200, schemas.WeekPlanPage)
@policy(policies.may_edit_crews)
def week_plan(asked: dict[str, Any]) -> Any:
    """A week of the technicians you plan, by name"""
    now, zone = clock.now(), _zone()
    first = services.monday(asked["of"] or now.astimezone(zone).date())
    days = [first + timedelta(days=number) for number in range(7)]
    page = technicians.page(current_actor(), now, crew_id=asked["crew"], cursor=asked["cursor"], limit=asked["limit"])
    weeks = queries.around([line.person_id for line in page.items], days[0], days[-1], zone)
    return {
        "monday": first,
        "items": [
            {
                "person": {"id": str(line.person_id), "name": line.name},
                "hours": weeks[line.person_id].duty_hours(days[0], days[-1], zone),
                "days": [_day(weeks[line.person_id], day, zone) for day in days],
            }
            for line in page.items
        ],
        "next": page.next,
    }


@blueprint.route("/week-plan", methods=["POST"])
@accepts(blueprint, schemas.WeekChanges)
@answers(blueprint, 200, schemas.DaysChanged)
@policy(policies.may_edit_crews)
def plan_week(sent: dict[str, Any]) -> Any:
    """Change days, all of them or none

    A day that is over, or was changed by somebody else meanwhile (it no longer has the line `was`), refuses the whole
    and is named: `changes.3.line`.
    """
    cells = [
        Cell(
            name=f"changes.{at}.line",
            person_id=each["person_id"],
            day=each["day"],
            was=each["was"],
            wanted=each["line"],
        )
        for at, each in enumerate(sent["changes"])
    ]
    return {"changed": services.plan(actor=current_actor(), now=clock.now(), zone=_zone(), cells=cells)}


@blueprint.route("/week-plan/copy", methods=["POST"])
@accepts(blueprint, schemas.WeekCopy)
@answers(blueprint, 200, schemas.DaysChanged)
@policy(policies.may_edit_crews)
def copy_week(sent: dict[str, Any]) -> Any:
    """Fill the empty days of a week, from today on, with the shifts of the week before; absences are not copied"""
    changed = services.copy_week(
        actor=current_actor(),
        now=clock.now(),
        zone=_zone(),
        person_ids=sent["person_ids"],
        monday=services.monday(sent["of"]),
    )
    return {"changed": changed}


def _zone() -> ZoneInfo:
    return cast(ZoneInfo, i18n.zone())


def _day(week: queries.PersonWeek, day: date, zone: ZoneInfo) -> dict[str, Any]:
    return {"day": day, "line": week.plan(day, zone).text, "partly": week.partly(day, zone)}
