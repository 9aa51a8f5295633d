"""The fairness report over the API: who was asked and who worked, by person and week, against the hours on shift."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Response

from app.core import clock, i18n
from app.core.http import accepts, answers, current_actor, policy
from app.core.http.api import json_answer
from app.tickets import policies
from app.tickets.api.answering import blueprint
from app.tickets.queries import fairness as queries
from app.tickets.queries import technicians
from app.tickets.rules import fairness as rules
from app.tickets.schemas import fairness as schemas

PEOPLE = 200


@blueprint.route("/reports/fairness", methods=["GET"])
@accepts(blueprint, schemas.FairnessQuery, location="query")
@answers(blueprint, 200, schemas.FairnessOut)
@policy(policies.may_edit_crews)
def report_fairness(asked: dict[str, Any]) -> Response:
    """A line for each person and week, of the people you plan; without a day the last weeks."""
    now, weeks, zone = clock.now(), asked["weeks"], cast(ZoneInfo, i18n.zone())
    since = asked["since"] or now.astimezone(zone).date() - timedelta(days=7 * (weeks - 1))
    first = rules.monday(since)
    people = dict(technicians.names(current_actor(), now, asked["crew"], PEOPLE))
    found = queries.tallies(list(people), first, weeks, zone, now)
    shares = rules.shares_by_week(found)
    items = [
        {
            "person_id": str(one.person_id),
            "name": people[one.person_id],
            "week": None if one.week is None else one.week.isoformat(),
            "shift_minutes": one.shift_minutes,
            "on_call_minutes": one.on_call_minutes,
            "offers": one.offers,
            "accepted": one.accepted,
            "declined": dict(one.declined),
            "expired": one.expired,
            "grabbed": one.grabbed,
            "done": one.done,
            "minutes_done": one.minutes_done,
            "emergencies": one.emergencies,
            "share": shares[one.person_id, one.week],
        }
        for one in found
    ]
    return json_answer({"first": first.isoformat(), "weeks": weeks, "items": items})
