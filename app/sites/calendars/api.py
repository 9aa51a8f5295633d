"""Working calendars over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from app.core import clock, forms
from app.core.errors import Rejected
from app.core.http import ApiBlueprint, accepts, answers, current_actor, json_list, policy, seen_version, versioned
from app.core.http.preconditions import no_body
from app.core.versions.shapes import VersionFields, drafted, numbered, shown
from app.sites import policies
from app.sites import queries as places
from app.sites.calendars import queries, schemas, services
from app.sites.calendars.comparison import compared
from app.sites.rules import calendar_data
from app.sites.rules.calendar_changes import minutes_of

blueprint = ApiBlueprint("calendars", __name__, description="Working calendars: hours, seasons, holidays, make-up days")


@blueprint.route("/calendars", methods=["GET"])
@answers(blueprint, 200, schemas.CalendarPage)
@policy(policies.may_read_calendars)
def calendars() -> Any:
    """The working calendars with what is in force"""
    return json_list([row._asdict() for row in queries.calendars()], None)


@blueprint.route("/calendars", methods=["POST"])
@accepts(blueprint, schemas.NewCalendar)
@answers(blueprint, 201, schemas.CalendarOut)
@policy(policies.may_write_calendars)
def add_calendar(sent: dict[str, Any]) -> Any:
    """A new calendar with its first version"""
    made = services.create(actor=current_actor(), now=clock.now(), **sent)
    return versioned(shown(made, queries.in_force(made.id)), 1, 201)


@blueprint.route("/calendars/<string:calendar_id>", methods=["GET"])
@answers(blueprint, 200, schemas.CalendarOut)
@policy(policies.may_read_calendars)
def calendar(calendar_id: str) -> Any:
    """One calendar with what is in force"""
    found = queries.calendar(forms.id_in_address(calendar_id))
    version = queries.in_force(found.id)
    return versioned(shown(found, version), version.number)


@blueprint.route("/calendars/<string:calendar_id>", methods=["PUT"])
@accepts(blueprint, schemas.NewVersion)
@answers(blueprint, 200, schemas.CalendarOut)
@policy(policies.may_write_calendars)
def publish_calendar(sent: dict[str, Any], calendar_id: str) -> Any:
    """Put new content in force; clocks that are open are judged by it from their start

    Content that says the same makes no version: what is in force is answered, with the version it had.
    """
    found = queries.calendar(forms.id_in_address(calendar_id))
    made = services.publish(found.id, actor=current_actor(), now=clock.now(), seen=seen_version(), **sent)
    return versioned(shown(found, made), made.number)


@blueprint.route("/calendars/<string:calendar_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_write_calendars)
def close_calendar(calendar_id: str) -> Any:
    """Take a calendar out of the list; its versions stay with the clocks that were judged by them"""
    seen = seen_version(required=False)
    services.close(forms.id_in_address(calendar_id), actor=current_actor(), now=clock.now(), seen=seen)
    return no_body()


@blueprint.route("/calendars/<string:calendar_id>/draft", methods=["GET"])
@answers(blueprint, 200, schemas.CalendarDraftOut)
@policy(policies.may_write_calendars)
def calendar_draft(calendar_id: str) -> Any:
    """What is being made of a calendar and not in force"""
    found = queries.desk(forms.id_in_address(calendar_id))
    return versioned(drafted(found), found.seen)


@blueprint.route("/calendars/<string:calendar_id>/draft", methods=["PUT"])
@accepts(blueprint, schemas.CalendarDraftIn)
@answers(blueprint, 200, schemas.CalendarDraftOut)
@policy(policies.may_write_calendars)
def keep_calendar_draft(sent: dict[str, Any], calendar_id: str) -> Any:
    """Keep what a calendar is to become; the version of a draft that is not there yet is 0"""
    number = forms.id_in_address(calendar_id)
    services.save_draft(number, actor=current_actor(), now=clock.now(), seen=seen_version(), **sent)
    found = queries.desk(number)
    return versioned(drafted(found), found.seen)


@blueprint.route("/calendars/<string:calendar_id>/draft", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_write_calendars)
def discard_calendar_draft(calendar_id: str) -> Any:
    """Forget what was being made of a calendar"""
    services.discard_draft(forms.id_in_address(calendar_id), seen=seen_version(required=False))
    return no_body()


@blueprint.route("/calendars/<string:calendar_id>/draft/changes", methods=["GET"])
@answers(blueprint, 200, schemas.CalendarChanges)
@policy(policies.may_write_calendars)
def calendar_draft_changes(calendar_id: str) -> Any:
    """Which dates publishing the draft changes, of this year and the two after it"""
    desk = queries.desk(forms.id_in_address(calendar_id))
    before, after = (calendar_data.read(each["content"]) for each in (numbered(desk.in_force), drafted(desk)))
    found = compared(before, after, places.today(clock.now()))
    rows = [
        {
            "first": each.first,
            "last": each.last,
            "before": each.before,
            "after": each.after,
            "minutes": minutes_of(each.after) - minutes_of(each.before),
        }
        for each in found.stretches
    ]
    return {
        "first": found.first,
        "last": found.last,
        "zone_before": before.zone,
        "zone_after": after.zone,
        "items": rows,
        "left_out": found.left_out,
    }


@blueprint.route("/calendars/<string:calendar_id>/draft/publish", methods=["POST"])
@accepts(blueprint, VersionFields)
@answers(blueprint, 200, schemas.CalendarOut)
@policy(policies.may_write_calendars)
def publish_calendar_draft(sent: dict[str, Any], calendar_id: str) -> Any:
    """Put the draft in force; clocks that are open are judged by it from their start

    A draft that says the same makes no version: what is in force is answered, with the version it had.
    """
    found = queries.calendar(forms.id_in_address(calendar_id))
    made = services.publish_draft(found.id, actor=current_actor(), now=clock.now(), seen=seen_version(), **sent)
    return versioned(shown(found, made), made.number)


@blueprint.route("/calendars/<string:calendar_id>/versions", methods=["GET"])
@answers(blueprint, 200, schemas.CalendarVersionPage)
@policy(policies.may_read_calendars)
def calendar_versions(calendar_id: str) -> Any:
    """Every version of a calendar, the newest first"""
    found = queries.calendar(forms.id_in_address(calendar_id))
    return json_list([numbered(each) for each in queries.versions(found.id)], None)


@blueprint.route("/calendars/<string:calendar_id>/days", methods=["GET"])
@accepts(blueprint, schemas.DaysQuery, location="query")
@answers(blueprint, 200, schemas.DaysOut)
@policy(policies.may_read_calendars)
def calendar_days(asked: dict[str, Any], calendar_id: str) -> Any:
    """The hours of each date from … to, and why"""
    first = asked["first"] or places.today(clock.now())
    last = asked["last"] or first + timedelta(days=30)
    if not 0 <= (last - first).days < schemas.SPAN_MAX:
        raise Rejected(fields={"to": _("Ask for at most %(days)s days, in order.", days=schemas.SPAN_MAX)})
    found = calendar_data.read(queries.in_force(queries.calendar(forms.id_in_address(calendar_id)).id).content)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    rows = []
    for day in days:
        hours, because = found.decided(day)
        rows.append({"on": day, "hours": hours, "because": because.value})
    return json_list(rows, None)


@blueprint.route("/calendars/hours", methods=["GET"])
@answers(blueprint, 200, schemas.HoursClassList)
@policy(policies.may_read_calendars)
def campus_hours() -> Any:
    """Which calendar each hours class is, everywhere and on campuses that say otherwise"""
    return json_list([row._asdict() for row in queries.hours_of_campuses()], None)


@blueprint.route("/calendars/hours", methods=["PUT"])
@accepts(blueprint, schemas.HoursClassIn)
@answers(blueprint, 200, schemas.HoursClassIn)
@policy(policies.may_write_calendars)
def set_campus_hours(sent: dict[str, Any]) -> Any:
    """Say which calendar an hours class is on a campus; the version of a class that was given none is 1"""
    version = services.set_hours(actor=current_actor(), now=clock.now(), seen=seen_version(), **sent)
    return versioned(sent, version)
