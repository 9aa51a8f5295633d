"""What people can do themselves: found by words, judged by readers, written by the desk."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms, words
from app.core.errors import NotFound
from app.core.http import current_actor, locale, policy, signed_in
from app.portal import policies
from app.portal.queries import answers as queries
from app.portal.rules.answers import blocks
from app.portal.schemas.desk import AnswerForm, VoteForm
from app.portal.services import answers as services
from app.portal.ways import way
from app.portal.web.entries import Editor
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
    return _EDITOR.empty(categories=request.args.getlist("category"))


@blueprint.post("/new")
@policy(policies.write_desk)
def new_post() -> Any:
    """Keep it."""
    return _EDITOR.written()


@blueprint.get("/<answer_id>/edit")
@policy(policies.write_desk)
def edit(answer_id: str) -> Any:
    """The form that changes it."""
    return _EDITOR.filled(answer_id)


@blueprint.post("/<answer_id>/edit")
@policy(policies.write_desk)
def edit_post(answer_id: str) -> Any:
    """Change it."""
    return _EDITOR.written(answer_id)


@blueprint.post("/<answer_id>/close")
@policy(policies.write_desk)
def close(answer_id: str) -> Any:
    """Nobody is shown it any more."""
    return _EDITOR.closed(answer_id, _("The answer is closed."))


def _beside() -> dict[str, Any]:
    return {"categories": _categories(catalogue.tree(sites.today(clock.now())))}


def _categories(tree: list[Branch], depth: int = 0) -> list[dict[str, str]]:
    """All categories, each after what it stands below."""
    found: list[dict[str, str]] = []
    for branch in tree:
        found.append({"value": branch.code, "label": "\u2003" * depth + words.text(branch.name, locale())})
        found += _categories(branch.children, depth + 1)
    return found


_EDITOR = Editor(
    entries=services.ANSWERS,
    schema=AnswerForm,
    read=AnswerForm.written,
    columns=("keywords", "categories", "published"),
    texts=("title", "body"),
    template="portal/answers/form.html",
    beside=_beside,
    back="answers.desk",
)
