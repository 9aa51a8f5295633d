"""The dry run: whom the ranking would choose for a fault somewhere at some time, and why; and whom it once chose."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, validate

from app.core import clock, forms, words
from app.core.errors import NotFound
from app.core.http import current_actor, policy
from app.core.i18n import locale
from app.sites import queries as places
from app.tickets import order_words, policies
from app.tickets.dispatch import choosing, entry, screens
from app.tickets.dispatch.entry import blueprint
from app.tickets.order_forms import LocalMoment, wall
from app.tickets.queries import catalogue
from app.tickets.rules.dispatching import Ranking
from app.tickets.rules.priority import URGENCIES
from app.tickets.services import dry_run


class WhomQuery(forms.Schema):
    """What the ranking is asked about; nothing is needed to look at the empty form."""

    place_id = forms.Id(required=True, error_messages={"required": _l("Choose a place.")})
    category = forms.Id(required=True, error_messages={"required": _l("Choose what is broken.")})
    urgency = forms.Text(
        load_default="normal", validate=validate.OneOf(URGENCIES, error=_l("Choose one of the offered values."))
    )
    at = LocalMoment(load_default=None)

    class Meta:
        unknown = EXCLUDE


@blueprint.get("/whom")
@policy(policies.may_dispatch)
def whom() -> Any:
    """The form, and what would happen where it is filled in. Nothing is written."""
    now = clock.now()
    given = {name: value for name, value in request.args.items() if value != ""}
    form = forms.Form(WhomQuery, {"urgency": "normal", "at": wall(now), **given})
    found, status = None, 200
    if "category" in given or "at" in given:
        data = form.load(request.args)
        found, status = _foreseen(form, data) if data is not None else (None, 422)
    picked = forms.parse_id(given.get("place_id"))
    context = {
        "form": form,
        "found": found,
        "choice": choosing.choice(found.ranking, None) if found else None,
        "place": places.by_id(picked) if picked else None,
        "categories": _categories(),
        "urgencies": [{"value": code, "label": order_words.priority(code)} for code in URGENCIES],
        "words": order_words,
    }
    return render_template("tickets/dispatch/whom.html", **context), status


@blueprint.get("/<order_id>/offers/<offer_id>")
@policy(policies.may_dispatch)
def offer(order_id: str, offer_id: str) -> Any:
    """The ranking as it was when somebody was offered the order: stored then, never worked out anew (43)."""
    row = entry.order_row(order_id)
    if not policies.in_scope(current_actor(), policies.DISPATCH, row):
        raise NotFound
    made = screens.past_offer(row.id, forms.id_in_address(offer_id))
    choice = choosing.choice(Ranking.from_data(made.row.why), None)
    return render_template("tickets/dispatch/offer.html", row=row, made=made, choice=choice, words=order_words)


def _foreseen(form: forms.Form, data: dict[str, Any]) -> tuple[dry_run.Foreseen | None, int]:
    with form.heeding():
        return dry_run.whom(
            actor=current_actor(),
            at=data["at"] or clock.now(),
            place_id=data["place_id"],
            category=data["category"],
            urgency=data["urgency"],
        ), 200
    return None, form.status


def _categories() -> list[dict[str, Any]]:
    """Everything that can be reported, under its headings."""
    found: list[dict[str, Any]] = []
    for branch in catalogue.tree(places.today(clock.now())):
        group = words.text(branch.name, locale())
        found += [
            {"value": each.id, "label": words.text(each.name, locale()), "group": group}
            for each in [branch, *branch.children]
            if each.can_be_filed
        ]
    return found
