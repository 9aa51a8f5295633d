"""More time and excuses: what waits for a decision, and the page of one request (tickets-rules 18, 23)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, fields, validate

from app.core import clock, forms, i18n, transaction
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.tickets import clock_words, due_words, order_words, policies
from app.tickets.order_forms import LocalMoment, Part, named
from app.tickets.queries import extensions as queries
from app.tickets.queries import progress, tickets
from app.tickets.rules.reasons import REASON_LIMIT
from app.tickets.rules.workflow import TICKET_OPEN
from app.tickets.services import extensions

blueprint = Blueprint("more_time", __name__, url_prefix="/more-time")

_WHY = {"required": _l("Say why, in at most %(limit)s characters.", limit=REASON_LIMIT)}


class AskForm(forms.Schema):
    """Until when, and why."""

    until = LocalMoment(required=True, error_messages={"required": _l("Give a day and a time.")})
    reason = forms.Text(max=REASON_LIMIT, multiline=True, required=True, error_messages=_WHY)


class DecideForm(forms.Schema):
    """Approved or refused; `extension` is the request that was read."""

    extension = forms.Id(required=True, error_messages={"required": _l("Load the page again and repeat the step.")})
    decision = fields.String(
        required=True,
        validate=validate.OneOf(("approve", "refuse"), error=_l("Choose whether you approve or refuse it.")),
        error_messages={"required": _l("Choose whether you approve or refuse it.")},
    )
    note = forms.Text(max=REASON_LIMIT, multiline=True, load_default="")


class ExcuseForm(forms.Schema):
    """Why it came late."""

    reason = forms.Text(max=REASON_LIMIT, required=True, error_messages=_WHY)


class ListQuery(forms.QuerySchema):
    """The list has no filters but its page."""

    class Meta:
        unknown = EXCLUDE


@blueprint.get("")
@policy(policies.may_see_extensions)
def index() -> str:
    """What waits for a decision, the longest waiting first."""
    asked = forms.load(ListQuery(), {name: value for name, value in request.args.items() if value != ""})
    actor, now = current_actor(), clock.now()
    found = queries.page(actor, cursor=asked["cursor"], limit=asked["limit"])
    return render_template(
        "tickets/more_time/list.html",
        found=found,
        words=order_words,
        moment=_moment,
        promised=due_words.promised,
        decides=lambda row: row.asked_by != actor.id and policies.in_scope(actor, policies.EXTEND, row),
        now=now,
    )


@blueprint.get("/<ticket_id>")
@policy(policies.may_see_extensions)
def ticket(ticket_id: str) -> Any:
    """One request: its clocks, what was asked for, and the forms to ask, decide and excuse."""
    return _page(_ticket(ticket_id))


@blueprint.post("/<ticket_id>/ask")
@policy(policies.may_triage)
def ask(ticket_id: str) -> Any:
    """Staff asks for more time; somebody else decides."""
    row = _ticket(ticket_id)

    def work(data: dict[str, Any], now: datetime) -> None:
        extensions.ask(actor=current_actor(), now=now, ticket_id=row.id, until=data["until"], reason=data["reason"])
        toast(_("Asked. Another person decides on it."))

    return _do(row, "ask", forms.Form(AskForm), work)


@blueprint.post("/<ticket_id>/decide")
@policy(policies.may_extend)
def decide(ticket_id: str) -> Any:
    """Approve what was asked for, which is then promised, or refuse it."""
    row = _ticket(ticket_id)

    def work(data: dict[str, Any], now: datetime) -> None:
        approve = data["decision"] == "approve"
        extensions.decide(
            actor=current_actor(),
            now=now,
            ticket_id=row.id,
            approve=approve,
            note=data["note"] or None,
            extension_id=data["extension"],
        )
        toast(_("Approved; the reporter is told the new time.") if approve else _("Refused; the promise stands."))

    return _do(row, "decide", forms.Form(DecideForm), work)


@blueprint.post("/<ticket_id>/clocks/<clock_id>/excuse")
@policy(policies.may_extend)
def excuse(ticket_id: str, clock_id: str) -> Any:
    """Say why a due time was missed; the figure stays what it is."""
    row, number = _ticket(ticket_id), forms.parse_id(clock_id)
    if number is None:
        raise NotFound

    def work(data: dict[str, Any], now: datetime) -> None:
        extensions.excuse(actor=current_actor(), now=now, ticket_id=row.id, clock_id=number, reason=data["reason"])
        toast(_("Written down beside the figure."))

    return _do(row, f"excuse-{number}", forms.Form(ExcuseForm), work)


def _do(row: Any, name: str, form: forms.Form, work: Callable[[dict[str, Any], datetime], None]) -> Any:
    """Do it and show the page again; refused, with the reason and what was typed."""
    with i18n.in_zone(row.zone):  # times are typed by the clocks of the campus
        data = form.load(named(request.form, name.partition("-")[0]))
    if data is None:
        return _page(row, name, form), 422
    try:
        work(data, clock.now())
    except Rejected as refused:
        transaction.abandon()
        form.refuse(refused)
        return _page(row, name, form), refused.status
    except (Conflict, NotAllowed) as refused:
        transaction.abandon()
        form.problem = str(refused.message) if refused.message else _("This is not yours to do.")
        return _page(row, name, form), refused.status
    return redirect(url_for("more_time.ticket", ticket_id=row.id), 303)


def _page(row: Any, failed: str = "", form: forms.Form | None = None) -> str:
    """The page of a request; `form` is one that was refused, `failed` its name.

    Where it no longer stands on the page (somebody was faster) its reason and what was typed are said on top.
    """
    actor, now = current_actor(), clock.now()
    asked = queries.of_ticket(row.id)
    waiting = next((each for each in asked if each.decided_at is None), None)
    decides = policies.in_scope(actor, policies.EXTEND, row)
    numbers = {each.id: each.number for each in progress.orders_of([row.id]).get(row.id, [])}
    panel = clock_words.panel(row.id, now, zone=row.zone, numbers=numbers)
    may_ask = waiting is None and row.status in TICKET_OPEN and policies.in_scope(actor, policies.TRIAGE, row)
    may_decide = waiting is not None and decides and waiting.asked_by != actor.id
    excusable = [line for line in panel.missed if decides]
    stand = [*(["ask"] if may_ask else []), *(["decide"] if may_decide else [])]
    stand += [f"excuse-{line.id}" for line in excusable]
    with i18n.in_zone(row.zone):
        return render_template(
            "tickets/more_time/ticket.html",
            row=row,
            panel=panel,
            promise=due_words.promise(row, (), now),
            waiting=waiting,
            past=[each for each in asked if each.decided_at is not None],
            may_ask=may_ask,
            may_decide=may_decide,
            excusable=excusable,
            own=waiting is not None and waiting.asked_by == actor.id,
            words=order_words,
            deciders=queries.deciders(row.id, waiting.asked_by if waiting else actor.id or 0, now),
            lost=form if form is not None and failed not in stand else None,
            part=lambda name: Part(form, name) if form is not None and failed == name else None,
        )


def _moment(row: Any) -> str:
    with i18n.in_zone(row.zone):
        return i18n.format_due(row.until)


def _ticket(ticket_id: str) -> Any:
    """A request the reader sees as staff. Raises NotFound."""
    number = forms.id_in_address(ticket_id)
    row = tickets.one(current_actor(), number)
    if not policies.reads_as_staff(current_actor(), row):
        raise NotFound
    return row
