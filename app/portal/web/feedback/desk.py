"""The list of those who answer: open ones by the instant their answer is due, filters in the address."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms
from app.core.http import current_actor, policy
from app.portal import feedback_words, policies
from app.portal.queries import feedback as queries
from app.portal.queries.feedback import FeedbackFilter
from app.portal.rules.feedback import Kind, Status
from app.portal.schemas.feedback import DeskQuery
from app.portal.ways import way
from app.portal.web.feedback.blueprint import blueprint


@blueprint.get("/desk")
@policy(policies.handle)
def desk() -> Any:
    """What waits, what is mine, what was answered, what is closed."""
    actor, now = current_actor(), clock.now()
    asked = forms.load(DeskQuery(unknown="exclude"), {k: v for k, v in request.args.items() if v.strip()})
    page = queries.desk(actor, _wanted(asked, actor.id), now, cursor=asked["cursor"], limit=asked["limit"])
    counts = queries.waiting(actor, now)
    return render_template(
        "portal/feedback/desk.html",
        page=page,
        rows=[_line(row, now) for row in page.items],
        asked=asked,
        kinds=[{"value": each.value, "label": feedback_words.kind(each)} for each in Kind],
        url=_here(asked),
        tabs=[
            {"label": label, "url": _here(asked, view=view), "current": asked["view"] == view, "count": count}
            for view, label, count in (
                ("open", _("Waiting"), counts.open),
                ("late", _("Late"), counts.late),
                ("mine", _("Mine"), counts.mine),
                ("free", _("Nobody's"), counts.unassigned),
                ("answered", feedback_words.status(Status.ANSWERED), None),
                ("closed", feedback_words.status(Status.CLOSED), None),
            )
        ],
        figures=way(actor, "feedback.figures"),
    )


def _wanted(asked: dict[str, Any], person_id: int | None) -> FeedbackFilter:
    view = asked["view"]
    statuses = (view,) if view in (Status.ANSWERED, Status.CLOSED) else (Status.OPEN.value,)
    return FeedbackFilter(
        statuses=statuses,
        kinds=(asked["kind"],) if asked["kind"] else (),
        handler=person_id if view == "mine" else None,
        unassigned=view == "free",
        late=view == "late",
        q=asked["q"],
    )


def _here(asked: dict[str, Any], **changed: Any) -> str:
    kept = {name: asked[name] or None for name in ("view", "kind", "q")} | changed
    return url_for("feedback.desk", **kept)


def _line(row: Any, now: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "kind": feedback_words.kind(row.kind),
        "icon": feedback_words.KIND_ICONS[Kind(row.kind)],
        "excerpt": row.excerpt,
        "lang": row.lang,
        "place": row.place,
        "author": row.author_name or _("Without a name"),
        "handler": row.handler_name,
        "chip": feedback_words.clock_chip(row, now),
        "at": row.filed_at,
    }
