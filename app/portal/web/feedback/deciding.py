"""What the staff decides about a matter: who answers it, whom it is about, what it becomes."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.audit import quicker
from app.core import clock, forms, seen, words
from app.core.errors import Conflict, NotAllowed, NotFound
from app.core.forms import Form
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.portal import feedback_words, policies
from app.portal.queries import feedback as queries
from app.portal.queries import feedback_viewer as viewer
from app.portal.rules.feedback import Act, Status, Who
from app.portal.rules.feedback import acts as possible
from app.portal.schemas.feedback import AboutForm, AssignForm, NoticeOfForm, RepairOfForm
from app.portal.services.feedback import acts
from app.portal.services.feedback.acts import Repair
from app.portal.ways import way
from app.portal.web.feedback import thread
from app.portal.web.feedback.blueprint import blueprint
from app.sites import queries as sites
from app.tickets.queries import catalogue
from app.tickets.web import choices


def _mine(feedback_id: str) -> Any:
    """The matter, where the reader may act on it as staff. Raises NotFound."""
    number = forms.id_in_address(feedback_id)
    row = queries.one(current_actor(), number)
    if not viewer.handles(current_actor(), number):
        raise NotFound
    return row


def _back(feedback_id: int) -> Any:
    return redirect(url_for("feedback.show", feedback_id=feedback_id), 303)


@blueprint.post("/<feedback_id>/assign")
@policy(policies.handle)
def assign(feedback_id: str) -> Any:
    """Give it to somebody, take it, or leave it to nobody."""
    row, actor = _mine(feedback_id), current_actor()
    form = Form(AssignForm)
    data = form.load(request.form)
    if data is not None:
        with form.heeding(Conflict), quicker.heeding(form, actor):
            acts.assign(
                actor=actor,
                now=clock.now(),
                feedback_id=row.id,
                handler_id=data["handler"],
                seen=forms.seen_in(request.form),
            )
            return _back(row.id)
    return thread.page_of(row, assigning=form, problem=_problem(form), status=form.status)


@blueprint.post("/<feedback_id>/about")
@policy(policies.handle)
def about(feedback_id: str) -> Any:
    """Whom it is about: none of them sees it from then on."""
    row, now, actor = _mine(feedback_id), clock.now(), current_actor()
    form = Form(AboutForm)
    data = form.load(request.form)
    if data is None:
        return thread.page_of(row, naming=form, problem=_problem(form), status=422)
    people = set(data["about"]) & {each.person_id for each in queries.about(row.id)}
    if data["who"]:
        found = viewer.staff_called(data["who"], now)
        if len(found) != 1:
            said = _("Several people fit. Give the full name.") if found else _("Nobody of the staff has this name.")
            return thread.page_of(row, naming=form, problem=said, status=422)
        people.add(found[0].id)
    before = seen.seen_by(form, thread.named)
    with form.heeding(), quicker.heeding(form, actor, "feedback", row.id, "feedback.about"):
        acts.set_about(actor=actor, now=now, feedback_id=row.id, person_ids=people, seen=before)
        if actor.id in people:
            toast(_("It is about you now, so somebody else will answer it."), "info")
            return redirect(url_for("feedback.desk"), 303)
        return _back(row.id)
    return thread.page_of(row, naming=form, problem=_problem(form), status=form.status)


@blueprint.get("/<feedback_id>/convert")
@policy(policies.handle)
def convert(feedback_id: str) -> Any:
    """The forms that make a repair request or a notice of it."""
    row = _mine(feedback_id)
    values = {
        "version": row.version,
        "place_id": row.place_id,
        "description": _first_words(row),
    }
    return _convert_page(row, Form(RepairOfForm, values), Form(NoticeOfForm, {"version": row.version}))


def _first_words(row: Any) -> str:
    """What its author wrote first: what the crew will read, unless the staff puts it otherwise."""
    return str(queries.thread(row.id, staff=False)[0].text or "")


@blueprint.post("/<feedback_id>/repair")
@policy(policies.handle)
def repair(feedback_id: str) -> Any:
    """It becomes a repair request of its author."""
    row, actor = _mine(feedback_id), current_actor()
    form = Form(RepairOfForm)
    data = form.load(request.form)
    if data is not None:
        typed = data["place_text"] or None
        with form.heeding(Conflict, NotAllowed), quicker.heeding(form, actor):
            _matter, filed = acts.convert_to_ticket(
                actor=actor,
                now=clock.now(),
                feedback_id=row.id,
                seen=forms.seen_in(request.form),
                text=data["text"],
                repair=Repair(
                    category=data["category"],
                    description=data["description"],
                    place_id=None if typed else data["place_id"],
                    place_text=typed,
                ),
            )
            toast(_("It has become the repair request %(number)s", number=filed.number))
            return _back(row.id)
    return _convert_page(row, form, Form(NoticeOfForm, {"version": row.version})), form.status


@blueprint.post("/<feedback_id>/notice")
@policy(policies.handle)
def notice(feedback_id: str) -> Any:
    """It becomes the draft of a notice."""
    row, actor = _mine(feedback_id), current_actor()
    form = Form(NoticeOfForm)
    data = form.load(request.form)
    usual = Form(RepairOfForm, {"version": row.version, "place_id": row.place_id, "description": _first_words(row)})
    if data is not None:
        with form.heeding(Conflict, NotAllowed), quicker.heeding(form, actor):
            _matter, notice_id = acts.convert_to_notice(
                actor=actor,
                now=clock.now(),
                feedback_id=row.id,
                seen=forms.seen_in(request.form),
                text=data["text"],
                title=words.from_fields(data, "title"),
            )
            return redirect(way(actor, "notices.edit", notice_id=notice_id) or url_for("feedback.desk"), 303)
    return _convert_page(row, usual, form), form.status


def _convert_page(row: Any, repair_form: Form, notice_form: Form) -> str:
    actor = current_actor()
    groups = choices.groups(catalogue.tree(sites.today(clock.now())))
    place_id = forms.parse_id(repair_form.values.get("place_id"))
    return render_template(
        "portal/feedback/convert.html",
        row=row,
        kind=feedback_words.kind(row.kind),
        possible=Act.CONVERT in possible(Status(row.status), Who.STAFF),
        repair=repair_form,
        notice=notice_form,
        categories=[
            {"value": problem.id, "label": problem.label, "group": group.label}
            for group in groups
            for problem in ([group.itself] if group.itself else group.problems)
        ],
        place=sites.by_id(place_id) if place_id else None,
        may_file=actor.can("tickets.file") and (row.author_id is None or actor.can("tickets.on_behalf")),
        may_write=policies.write_notices(actor),
    )


def _problem(form: Form) -> str:
    return form.problem or next((each for said in form.errors.values() for each in said), "")
