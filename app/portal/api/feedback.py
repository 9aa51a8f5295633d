"""Feedback over the API (contract.md): said, talked about, given to somebody, made into something."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.forms import id_in_address
from app.core.http import ApiBlueprint, accepts, answers, current_actor, policy, seen_version
from app.core.http.api import json_answer, json_list
from app.core.http.dumping import compiled
from app.core.http.idempotency import ignores_key_if
from app.core.http.limits import filings
from app.core.http.preconditions import etag
from app.core.words import from_fields
from app.portal import feedback_report, policies
from app.portal.queries import feedback as queries
from app.portal.queries import feedback_viewer as viewer
from app.portal.queries import working_time
from app.portal.queries.feedback import FeedbackFilter
from app.portal.receipts import nameless
from app.portal.schemas import feedback as schemas
from app.portal.schemas.feedback_figures import FiguresOut, FiguresQuery
from app.portal.services.feedback import acts
from app.portal.services.feedback.acts import Repair
from app.portal.taking_down import take_down
from app.sites import policies as sites_policies
from app.sites.calendars import queries as calendars

blueprint = ApiBlueprint("feedback", __name__, description="Complaints, suggestions, praise and questions to the desk")

_rows = compiled(schemas.FeedbackOut(), queries.NAMES)
_messages = compiled(schemas.FeedbackMessageOut(), queries.MESSAGE_NAMES)
_filed = schemas.FeedbackFiledOut()


def _dumped(rows: Any, actor: Actor) -> list[dict[str, Any]]:
    """Who answers is for staff to know: of what the reader wrote himself it is left out."""
    found = _rows(rows)
    for row, item in zip(rows, found, strict=True):
        if row.author_id is not None and row.author_id == actor.id:
            item["handler"] = None
    return found


def _one(feedback_id: int) -> Response:
    actor = current_actor()
    row = queries.one(actor, feedback_id)
    return json_answer(_dumped([row], actor)[0], headers={"ETag": etag(row.version)})


def _as_staff(feedback_id: str) -> int:
    """The id of a matter the caller may act on as staff. Raises NotFound."""
    number = id_in_address(feedback_id)
    if not viewer.handles(current_actor(), number):
        raise NotFound
    return number


@blueprint.route("/feedback", methods=["POST"])
@filings
@accepts(blueprint, schemas.FeedbackIn)
@answers(blueprint, 201, schemas.FeedbackFiledOut)
@ignores_key_if(nameless)
@policy(policies.speak)
def say(sent: dict[str, Any]) -> Response:
    """Say something; with `anonymous` your name is kept nowhere and the answer has a receipt."""
    matter, secret = take_down(sent, without_name=sent["anonymous"])
    found = _filed.dump(
        {
            "id": matter.id,
            "number": matter.number,
            "status": matter.status,
            "answer_due": matter.answer_due,
            "version": matter.version,
            "receipt": secret,
        }
    )
    return json_answer(found, 201, {"ETag": etag(matter.version)})


@blueprint.route("/feedback", methods=["GET"])
@accepts(blueprint, schemas.FeedbackQuery, location="query")
@answers(blueprint, 200, schemas.FeedbackPage)
@policy(policies.speak_or_handle)
def list_feedback(asked: dict[str, Any]) -> Response:
    """What you wrote and what you answer, newest first; `mine=1`: what you wrote."""
    actor = current_actor()
    wanted = FeedbackFilter(
        statuses=asked["status"],
        kinds=asked["kind"],
        handler=actor.id if asked["handler"] == "me" else None,
        unassigned=asked["handler"] == "nobody",
        late=asked["late"],
        mine=asked["mine"],
        q=asked["q"],
    )
    page = queries.page(actor, wanted, clock.now(), cursor=asked["cursor"], limit=asked["limit"])
    return json_answer(json_list(_dumped(page.items, actor), page.next))


@blueprint.route("/feedback/<string:feedback_id>", methods=["GET"])
@answers(blueprint, 200, schemas.FeedbackOut)
@policy(policies.speak_or_handle)
def show_feedback(feedback_id: str) -> Response:
    """One matter."""
    return _one(id_in_address(feedback_id))


@blueprint.route("/feedback/<string:feedback_id>/messages", methods=["GET"])
@accepts(blueprint, schemas.FeedbackMessageQuery, location="query")
@answers(blueprint, 200, schemas.FeedbackMessagePage)
@policy(policies.speak_or_handle)
def list_messages(asked: dict[str, Any], feedback_id: str) -> Response:
    """What was said, oldest first; notes for staff alone."""
    actor = current_actor()
    row = queries.one(actor, id_in_address(feedback_id))
    page = queries.messages(row.id, staff=viewer.handles(actor, row.id), cursor=asked["cursor"], limit=asked["limit"])
    return json_answer(json_list(_messages(page.items), page.next))


@blueprint.route("/feedback/<string:feedback_id>/messages", methods=["POST"])
@accepts(blueprint, schemas.FeedbackMessageIn)
@answers(blueprint, 201, schemas.FeedbackMessageOut)
@policy(policies.speak_or_handle)
def add_message(sent: dict[str, Any], feedback_id: str) -> Response:
    """A further word: of its author a reply, which opens it again; of the staff an answer, or a note."""
    actor = current_actor()
    row = queries.one(actor, id_in_address(feedback_id))
    given: dict[str, Any] = {"actor": actor, "now": clock.now(), "feedback_id": row.id, "text": sent["text"]}
    if not viewer.handles(actor, row.id):
        made = acts.reply(**given)
    else:
        made = (acts.note if sent["internal"] else acts.answer)(**given)
    name = None if made.actor_id is None else actor.name
    line = (made.id, made.at, made.kind, made.actor_id, name, made.audience == "staff", made.text)
    return json_answer(_messages([line])[0], 201)


@blueprint.route("/feedback/<string:feedback_id>/assignment", methods=["POST"])
@accepts(blueprint, schemas.FeedbackAssignmentIn)
@answers(blueprint, 200, schemas.FeedbackOut)
@policy(policies.handle)
def assign(sent: dict[str, Any], feedback_id: str) -> Response:
    """Give it to somebody who may answer it, or (null) to nobody."""
    number = _as_staff(feedback_id)
    acts.assign(
        actor=current_actor(), now=clock.now(), feedback_id=number, handler_id=sent["handler"], seen=seen_version()
    )
    return _one(number)


@blueprint.route("/feedback/<string:feedback_id>/convert", methods=["POST"])
@accepts(blueprint, schemas.ConvertIn)
@answers(blueprint, 200, schemas.ConvertedOut)
@policy(policies.handle)
def convert(sent: dict[str, Any], feedback_id: str) -> Response:
    """Make a repair request of its author, or the draft of a notice, of it; it is closed."""
    given: dict[str, Any] = {
        "actor": current_actor(),
        "now": clock.now(),
        "feedback_id": _as_staff(feedback_id),
        "seen": seen_version(required=False),
        "text": sent["text"],
    }
    found: dict[str, Any] = {"ticket_id": None, "ticket_number": None, "notice_id": None}
    if sent["to"] == "ticket":
        typed = sent["place_text"] or None
        matter, filed = acts.convert_to_ticket(
            repair=Repair(
                category=sent["category"],
                description=sent["description"],
                place_id=sent["place_id"],
                place_text=None if sent["place_id"] else typed,
                urgency=sent["urgency"],
            ),
            **given,
        )
        found |= {"ticket_id": str(filed.id), "ticket_number": filed.number}
    else:
        matter, notice_id = acts.convert_to_notice(title=from_fields(sent, "title"), **given)
        found["notice_id"] = str(notice_id)
    found |= {"id": str(matter.id), "status": matter.status, "version": matter.version}
    return json_answer(found, headers={"ETag": etag(matter.version)})


@blueprint.route("/feedback/figures", methods=["GET"])
@accepts(blueprint, FiguresQuery, location="query")
@answers(blueprint, 200, FiguresOut)
@policy(policies.oversee)
def feedback_figures(asked: dict[str, Any]) -> Response:
    """How much was said of each kind, what was answered in time or is overdue, and how long the first answer took."""
    found = feedback_report.report(current_actor(), asked)
    return json_answer(
        {
            "first": found.first.isoformat(),
            "last": found.last.isoformat(),
            "by": found.by.value,
            "total": feedback_report.plain(None, "", found.total),
            "groups": [feedback_report.plain(*one) for one in found.groups],
        }
    )


@blueprint.route("/calendars/<string:calendar_id>/draft/effect/feedback", methods=["GET"])
@answers(blueprint, 200, schemas.CalendarEffectOnFeedback)
@policy(sites_policies.may_write_calendars)
def calendar_draft_effect(calendar_id: str) -> Response:
    """What publishing the draft of a calendar does to open feedback, beside what it does to requests."""
    found = calendars.calendar(id_in_address(calendar_id))
    if calendars.draft(found.id) is None:
        raise NotFound
    return json_answer({"matters": working_time.judged_anew(current_actor(), found.id)})
