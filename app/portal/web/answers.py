"""What people can do themselves: found by words, judged by readers, written by the desk."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms, words
from app.core.errors import NotFound, Stale
from app.core.http import current_actor, locale, policy, signed_in
from app.core.pages import toast
from app.portal import policies
from app.portal.models import Answer
from app.portal.queries import answers as queries
from app.portal.rules.answers import blocks
from app.portal.schemas.desk import AnswerForm, VoteForm
from app.portal.schemas.notices import VersionForm
from app.portal.services import answers as services
from app.portal.ways import way
from app.sites import queries as sites
from app.tickets.queries import catalogue
from app.tickets.queries.catalogue import Branch

blueprint = Blueprint("answers", __name__, url_prefix="/answers")


@blueprint.get("")
@policy(signed_in)
def index() -> Any:
    """All answers, or those that fit the words."""
    actor = current_actor()
    q = (request.args.get("q") or "")[:100].strip()
    page = queries.find(q, cursor=request.args.get("cursor"))
    return render_template(
        "portal/answers/list.html",
        page=page,
        q=q,
        url=url_for("answers.index", q=q or None),
        report=way(actor, "tickets.report"),
        ask=way(actor, "feedback.new", kind="question"),
        desk=way(actor, "answers.desk"),
    )


@blueprint.get("/<answer_id>")
@policy(signed_in)
def show(answer_id: str) -> Any:
    """One answer, and whether it helped."""
    actor = current_actor()
    row = queries.one(forms.id_in_address(answer_id))
    if row is None:
        raise NotFound
    return render_template(
        "portal/answers/show.html",
        row=row,
        blocks=blocks(words.text(row.body, locale())),
        borrowed=words.borrowed(row.body, locale()),
        mine=queries.vote_of(row.id, actor.id) if actor.id is not None else None,
        report=way(actor, "tickets.report", category=row.categories[0] if row.categories else None),
        edit=way(actor, "answers.edit", answer_id=row.id),
    )


@blueprint.post("/<answer_id>/vote")
@policy(signed_in)
def vote(answer_id: str) -> Any:
    """It helped, or it did not."""
    number = forms.id_in_address(answer_id)
    data = forms.load(VoteForm(unknown="exclude"), request.form.to_dict())
    services.vote(actor=current_actor(), now=clock.now(), answer_id=number, helpful=data["helpful"])
    return redirect(url_for("answers.show", answer_id=number), 303)


@blueprint.get("/desk")
@policy(policies.write_desk)
def desk() -> Any:
    """All answers with their votes, drafts too."""
    q = (request.args.get("q") or "")[:100].strip()
    page = queries.desk(q, cursor=request.args.get("cursor"))
    return render_template("portal/answers/desk.html", page=page, q=q, url=url_for("answers.desk", q=q or None))


@blueprint.get("/new")
@policy(policies.write_desk)
def new() -> Any:
    """An empty answer."""
    return _form_page(forms.Form(AnswerForm, {"position": 0, "categories": request.args.getlist("category")}))


@blueprint.post("/new")
@policy(policies.write_desk)
def new_post() -> Any:
    """Keep it."""
    return _written(None)


@blueprint.get("/<answer_id>/edit")
@policy(policies.write_desk)
def edit(answer_id: str) -> Any:
    """The form that changes it."""
    answer = _mine(answer_id)
    values = {name: getattr(answer, name) for name in ("keywords", "categories", "position", "published", "version")}
    for name in ("title", "body"):
        values |= words.to_fields(getattr(answer, name), name)
    return _form_page(forms.Form(AnswerForm, values), answer)


@blueprint.post("/<answer_id>/edit")
@policy(policies.write_desk)
def edit_post(answer_id: str) -> Any:
    """Change it."""
    return _written(_mine(answer_id))


@blueprint.post("/<answer_id>/close")
@policy(policies.write_desk)
def close(answer_id: str) -> Any:
    """Nobody is shown it any more."""
    answer = _mine(answer_id)
    data = forms.load(VersionForm(unknown="exclude"), request.form.to_dict())
    services.close(actor=current_actor(), now=clock.now(), answer_id=answer.id, seen=data["version"])
    toast(_("The answer is closed."), "info")
    return redirect(url_for("answers.desk"), 303)


def _mine(answer_id: str) -> Answer:
    found = queries.for_writer(forms.id_in_address(answer_id))
    if found is None:
        raise NotFound
    return found


def _written(answer: Answer | None) -> Any:
    form = forms.Form(AnswerForm)
    data = form.load(request.form)
    if data is not None:
        given: dict[str, Any] = {
            "actor": current_actor(),
            "now": clock.now(),
            "written": AnswerForm.written(data),
        }
        with form.heeding(Stale):
            if answer is None:
                services.write(**given)
            else:
                services.change(answer_id=answer.id, seen=data["version"], **given)
            toast(_("Kept."))
            return redirect(url_for("answers.desk"), 303)
    return _form_page(form, answer), form.status


def _form_page(form: forms.Form, answer: Answer | None = None) -> str:
    tree = catalogue.tree(sites.today(clock.now()))
    return render_template("portal/answers/form.html", form=form, answer=answer, categories=_categories(tree))


def _categories(tree: list[Branch], depth: int = 0) -> list[dict[str, str]]:
    """All categories, each after what it stands below."""
    found: list[dict[str, str]] = []
    for branch in tree:
        found.append({"value": branch.code, "label": "\u2003" * depth + words.text(branch.name, locale())})
        found += _categories(branch.children, depth + 1)
    return found
