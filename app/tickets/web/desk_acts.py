"""What the desk does to a whole request: correct it, set its priority by hand, split it, merge it with another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import clock, forms, words
from app.core.errors import Conflict, Rejected, Stale
from app.core.forms import Form, Schema, Text
from app.core.http import current_actor, policy
from app.core.i18n import locale
from app.core.pages import toast
from app.sites import queries as sites
from app.tickets import order_words, policies
from app.tickets.queries import catalogue, similar, tickets
from app.tickets.rules import reasons
from app.tickets.rules.limits import DESCRIPTION_LIMIT, NOTE_LIMIT
from app.tickets.rules.numbers import parse_number
from app.tickets.rules.priority import IMPACTS, URGENCIES
from app.tickets.services import merging, priorities, reclassifying, splitting
from app.tickets.services.reclassifying import Wish
from app.tickets.web import wording
from app.tickets.web.blueprint import blueprint

_OFFERED = _l("Choose one of the offered values.")
_REASON = {"required": _l("Choose or write a reason.")}


class Correct(Schema):
    """Another category, place, urgency or reach, and why."""

    version = forms.Version()
    category = forms.Id(load_default=None)
    place_id = forms.Id(load_default=None)
    urgency = fields.String(load_default=None, validate=validate.OneOf(URGENCIES, error=_OFFERED))
    impact = fields.String(load_default=None, validate=validate.OneOf(IMPACTS, error=_OFFERED))
    reason = Text(max=reasons.REASON_LIMIT, required=True, error_messages=_REASON)


class Priority(Schema):
    """Another priority than urgency and reach make of it, and why."""

    version = forms.Version()
    priority = fields.String(
        required=True,
        validate=validate.OneOf(URGENCIES, error=_OFFERED),
        error_messages={"required": _l("Choose a priority."), "null": _l("Choose a priority.")},
    )
    reason = Text(max=reasons.REASON_LIMIT, required=True, error_messages=_REASON)


class Split(Schema):
    """The second fault of a report."""

    version = forms.Version()
    category = forms.Id(required=True, error_messages={"required": _l("Choose what is broken.")})
    place_id = forms.Id(load_default=None)
    description = Text(
        max=DESCRIPTION_LIMIT,
        multiline=True,
        required=True,
        error_messages={"required": _l("Say what the other fault is.")},
    )


class Merge(Schema):
    """The request this one is merged into: chosen among the likely ones, or by its number."""

    version = forms.Version()
    into = forms.Id(load_default=None)
    number = Text(max=40, load_default="")
    note = Text(max=NOTE_LIMIT, multiline=True, load_default="")


@blueprint.get("/tickets/<ticket_id>/reclassify")
@policy(policies.may_triage)
def reclassify(ticket_id: str) -> Any:
    """The form that corrects a request; it shows how it is now."""
    ticket = _ticket(ticket_id)
    form = Form(Correct, {"category": ticket.category_id, "urgency": ticket.urgency, "impact": ticket.impact})
    return _correct_page(ticket, form)


@blueprint.post("/tickets/<ticket_id>/reclassify")
@policy(policies.may_triage)
def reclassify_post(ticket_id: str) -> Any:
    """Correct it; what was left as it is stays."""
    ticket = _ticket(ticket_id)

    def work(data: dict[str, Any], now: datetime) -> None:
        # what stands in the form as it was is not said anew
        given = {name: data[name] if data[name] != getattr(ticket, name) else None for name in ("urgency", "impact")}
        wish = Wish(category=data["category"], place_id=data["place_id"], **given)
        reclassifying.reclassify(
            actor=current_actor(), now=now, ticket_id=ticket.id, wish=wish, reason=data["reason"], seen=data["version"]
        )

    return _do(ticket, Form(Correct), work, _correct_page)


def _correct_page(ticket: Any, form: Form, status: int = 200) -> Any:
    place_id = forms.parse_id(request.args.get("place_id")) or forms.parse_id(form.values.get("place_id"))
    return render_template(
        "tickets/reclassify.html",
        ticket=ticket,
        form=form,
        place=sites.by_id(place_id or ticket.place_id or 0),
        categories=_categories(),
        urgencies=[{"value": code, "label": order_words.priority(code)} for code in URGENCIES],
        impacts=[{"value": code, "label": order_words.impact(code)} for code in IMPACTS],
    ), status


@blueprint.get("/tickets/<ticket_id>/priority")
@policy(policies.may_triage)
def priority(ticket_id: str) -> Any:
    """The form for another priority than urgency and reach make of it."""
    ticket = _ticket(ticket_id)
    return _priority_page(ticket, Form(Priority, {"priority": ticket.priority}))


@blueprint.post("/tickets/<ticket_id>/priority")
@policy(policies.may_triage)
def priority_post(ticket_id: str) -> Any:
    """Set it by hand; clocks count on under what it promises."""
    ticket = _ticket(ticket_id)

    def work(data: dict[str, Any], now: datetime) -> None:
        priorities.override(
            actor=current_actor(),
            now=now,
            ticket_id=ticket.id,
            priority=data["priority"],
            reason=data["reason"],
            seen=data["version"],
        )

    return _do(ticket, Form(Priority), work, _priority_page)


def _priority_page(ticket: Any, form: Form, status: int = 200) -> Any:
    return render_template(
        "tickets/priority.html",
        ticket=ticket,
        form=form,
        urgency=order_words.priority(ticket.urgency),
        impact=order_words.impact(ticket.impact),
        usual=order_words.priority(priorities.usual(ticket)),
        priorities=[{"value": code, "label": order_words.priority(code)} for code in URGENCIES],
    ), status


@blueprint.get("/tickets/<ticket_id>/split")
@policy(policies.may_triage)
def split(ticket_id: str) -> Any:
    """The form for the second fault of a report."""
    return _split_page(_ticket(ticket_id), Form(Split))


@blueprint.post("/tickets/<ticket_id>/split")
@policy(policies.may_triage)
def split_post(ticket_id: str) -> Any:
    """Make it a request of its own."""
    ticket = _ticket(ticket_id)

    def work(data: dict[str, Any], now: datetime) -> None:
        made = splitting.split(
            actor=current_actor(),
            now=now,
            ticket_id=ticket.id,
            category=data["category"],
            description=data["description"],
            place_id=data["place_id"],
            seen=data["version"],
        )
        toast(_("The other fault is request %(number)s.", number=made.number), "good")

    return _do(ticket, Form(Split), work, _split_page)


def _split_page(ticket: Any, form: Form, status: int = 200) -> Any:
    place_id = forms.parse_id(request.args.get("place_id")) or forms.parse_id(form.values.get("place_id"))
    return render_template(
        "tickets/split.html",
        ticket=ticket,
        form=form,
        place=sites.by_id(place_id or ticket.place_id or 0),
        categories=_categories(),
    ), status


@blueprint.get("/tickets/<ticket_id>/merge")
@policy(policies.may_triage)
def merge(ticket_id: str) -> Any:
    """The likely ones first, any other by its number."""
    return _merge_page(_ticket(ticket_id), Form(Merge))


@blueprint.post("/tickets/<ticket_id>/merge")
@policy(policies.may_triage)
def merge_post(ticket_id: str) -> Any:
    """Both report one fault; the other one is repaired."""
    ticket = _ticket(ticket_id)

    def work(data: dict[str, Any], now: datetime) -> None:
        merging.merge(
            actor=current_actor(),
            now=now,
            ticket_id=ticket.id,
            into_id=_meant(data),
            seen=data["version"],
            note=data["note"] or None,
        )

    return _do(ticket, Form(Merge), work, _merge_page)


def _meant(data: dict[str, Any]) -> int:
    """The request chosen, or the one whose number was typed. Raises Rejected."""
    if data["number"]:
        number = parse_number(data["number"])
        found = tickets.by_number(current_actor(), str(number)) if number else None
        if found is None:
            raise Rejected(fields={"number": _("There is no request with this number.")})
        return int(found)
    if data["into"] is None:
        raise Rejected(fields={"into": _("Choose the request, or type its number.")})
    return int(data["into"])


def _merge_page(ticket: Any, form: Form, status: int = 200) -> Any:
    now = clock.now()
    likely = [
        {
            "value": row.id,
            "label": f"{row.number} · {words.text(row.category_name, locale())}",
            "small": " · ".join(
                filter(None, (row.place, wording.status(row.status, staff=True), row.description[:60]))
            ),
        }
        for row in similar.beside(current_actor(), ticket, now)
    ]
    return render_template("tickets/merge.html", ticket=ticket, form=form, likely=likely), status


def _ticket(ticket_id: str) -> Any:
    number = forms.id_in_address(ticket_id)
    return tickets.one(current_actor(), number)


def _categories() -> list[dict[str, Any]]:
    """What can be reported, under its headings."""
    found: list[dict[str, Any]] = []

    def walk(branch: catalogue.Branch, above: str) -> None:
        name = words.text(branch.name, locale())
        if branch.can_be_filed:
            found.append({"value": branch.id, "label": name, "group": above or name})
        for child in branch.children:
            walk(child, above or name)

    for root in catalogue.tree(sites.today(clock.now())):
        walk(root, "")
    return found


def _do(
    ticket: Any, form: Form, work: Callable[[dict[str, Any], datetime], None], page: Callable[[Any, Form, int], Any]
) -> Any:
    """Do it and go back to the request; refused, the form comes back with what was typed and why."""
    data = form.load(request.form)
    if data is not None:
        with form.heeding(Conflict, Stale):
            work(data, clock.now())
            return redirect(url_for("tickets.show", ticket_id=ticket.id), 303)
    return page(_ticket(str(ticket.id)), form, form.status)
