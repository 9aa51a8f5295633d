"""What somebody who reports a fault should know first: outages at the place, what he can do himself about the fault.

Fragments in the report form (slots `tickets.report_place` and `tickets.report_problem`), drawn with the form for what
it says already and fetched when something else is chosen; without a script one page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import render_template, request

from app.core import clock, words
from app.core.forms import parse_id
from app.core.http import anyone, current_actor, locale, policy, signed_in
from app.portal import notice_words
from app.portal.queries import answers, readers
from app.portal.queries import notices as queries
from app.portal.rules.answers import blocks
from app.portal.web.blueprint import blueprint
from app.sites import queries as sites
from app.tickets.queries import catalogue
from app.tickets.queries.catalogue import Branch
from app.tickets.web.choices import GROUP_FIELD, PROBLEM_FIELD


def _partial() -> bool:
    return request.headers.get("HX-Request-Type") == "partial"


@blueprint.get("/report/first")
@policy(anyone)
def before_report() -> Any:
    """For the place chosen on the form; as a fragment inside it, as a page of its own without a script."""
    place_id = parse_id(next(iter(request.args.getlist("place_id")[::-1]), None))  # the chosen one after the preset one
    notices = _known(place_id)
    if _partial():
        return render_template("portal/hints/_known.html", notices=notices)
    found = answers.hints(_codes(request.args)) if current_actor().signed_in else []
    return render_template("portal/hints/page.html", notices=notices, place_id=place_id, helps=_helps(found))


def known_at_first(chosen: Mapping[str, Any]) -> str:
    """What is known about the place the form begins with, as part of the form's page."""
    return render_template("portal/hints/_known.html", notices=_known(chosen.get("place_id")))


def _known(place_id: int | None) -> list[dict[str, Any]]:
    if place_id is None:
        return []
    now = clock.now()
    reader = readers.standing_at(place_id, current_actor())
    return [notice_words.line(row, now) for row in queries.at_place(reader, now)]


@blueprint.get("/report/yourself")
@policy(signed_in)
def self_help() -> Any:
    """For the fault chosen on the form: what is worth trying before it is reported."""
    return render_template("portal/hints/_helps.html", helps=_helps(answers.hints(_codes(request.args))))


def helps_at_first(chosen: Mapping[str, Any]) -> str:
    """The same for the fault the form begins with, as part of the form's page."""
    codes = _codes(chosen)
    return render_template("portal/hints/_helps.html", helps=_helps(answers.hints(codes) if codes else []))


def _helps(rows: Iterable[Any]) -> list[dict[str, Any]]:
    tag = locale()
    return [{"id": row.id, "title": row.title, "blocks": blocks(words.text(row.body, tag))} for row in rows]


def _codes(chosen: Mapping[str, Any]) -> list[str]:
    """The codes of the chosen fault and of what it stands below, the nearest first."""
    group = chosen.get(GROUP_FIELD)
    if not group:
        return []
    tree = catalogue.tree(sites.today(clock.now()))
    top = next((branch for branch in tree if str(branch.id) == group), None)
    if top is None:
        return []
    return _line(top, chosen.get(f"{PROBLEM_FIELD}{group}")) or [top.code]


def _line(branch: Branch, wanted: str | None) -> list[str]:
    """From the wanted category up to the branch; empty where it does not stand below it."""
    if str(branch.id) == wanted:
        return [branch.code]
    for child in branch.children:
        if found := _line(child, wanted):
            return [*found, branch.code]
    return []
