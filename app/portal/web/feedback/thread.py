"""The page of one matter, as its author or the staff sees it."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_babel import gettext as _

from app.core import clock, seen
from app.core.forms import Form
from app.core.http import current_actor
from app.portal import feedback_words
from app.portal.queries import feedback as queries
from app.portal.queries import feedback_viewer as viewer
from app.portal.rules.feedback import Act, Status, Who, acts
from app.portal.schemas.feedback import WordsForm
from app.portal.ways import way
from app.tickets.queries import viewer as tickets_viewer


def named(matter: Any) -> dict[str, Any]:
    """What the page shows to who says whom a matter is about."""
    return {"about": [row.person_id for row in queries.about(matter.id)]}


def page_of(
    row: Any,
    form: Form | None = None,
    *,
    assigning: Form | None = None,
    naming: Form | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Any:
    """The whole page. `form`: a refused message, which stands filled in, as do the refused acts beside it.

    `problem`: what became of such an act.
    """
    actor, now = current_actor(), clock.now()
    staff = viewer.handles(actor, row.id)
    author = row.author_name or _("Without a name")
    events = queries.thread(row.id, staff=staff)
    context: dict[str, Any] = {
        "row": row,
        "form": form or Form(WordsForm),
        "problem": problem,
        "staff": staff,
        "author": author,
        "kind": feedback_words.kind(row.kind),
        "chip": feedback_words.clock_chip(row, now) if staff else feedback_words.status_chip(row.status),
        "promise": "" if staff else feedback_words.promise(row),
        "became": feedback_words.became(row),
        "became_url": _became(row),
        "ticket_url": _ticket(row.ticket_id),
        "lines": feedback_words.lines(events, reader=actor.id if staff else None, author=author),
        "acts": {each.value for each in acts(Status(row.status), Who.STAFF if staff else Who.AUTHOR)},
    }
    if staff:
        context |= {
            "handlers": [{"value": each.id, "label": each.name} for each in viewer.handlers(row.id, now)],
            "about": (about := queries.about(row.id)),
            "about_seen": seen.mark({"about": [each.person_id for each in about]}),
            "assigning": assigning,
            "naming": naming,
            "may_convert": Act.CONVERT.value in context["acts"],
        }
    page = render_template("portal/feedback/show.html", **context)
    return page if status == 200 else (page, status)


def _became(row: Any) -> str | None:
    """Where what it became is found, if the reader may see it."""
    actor = current_actor()
    if row.closed_as == "ticket":
        return _ticket(row.became_id)
    if row.closed_as == "notice":
        return way(actor, "notices.edit", notice_id=row.became_id)
    return None


def _ticket(ticket_id: int | None) -> str | None:
    actor = current_actor()
    if ticket_id is None or not tickets_viewer.sees_ticket(actor, ticket_id):
        return None
    return way(actor, "tickets.show", ticket_id=ticket_id)
