"""Macros: the list, and the form of who may keep them. They are used on the board and beside the list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from flask import redirect, render_template, request, url_for
from markupsafe import Markup

from app.audit import quicker
from app.core import clock, forms, pages, seen, words
from app.core.errors import Conflict, Stale
from app.core.forms import id_in_address
from app.core.http import current_actor, policy
from app.core.i18n import gettext as _
from app.core.pages import toast
from app.tickets import order_words, policies
from app.tickets.dispatch.entry import blueprint
from app.tickets.queries import macros as queries
from app.tickets.rules.macros import MACRO_ACT_LABELS, NEEDS_REASON, MacroAct
from app.tickets.rules.reasons import OTHER
from app.tickets.rules.workflow import OrderAct
from app.tickets.schemas.macros import MacroForm
from app.tickets.services import macros as services


def said(macro: Any) -> str:
    """What a macro does, in one line."""
    parts = []
    if macro.act:
        act = MacroAct(macro.act)
        label = _(MACRO_ACT_LABELS[act])
        why = order_words.reason(act.of_table, macro.reason) if act.of_table and macro.reason else ""
        parts.append(_("%(act)s: %(why)s", act=label, why=why) if why else label)
    if macro.days:
        parts.append(_("until in %(num)s days", num=macro.days))
    if macro.note:
        parts.append(_("note"))
    if macro.message:
        parts.append(_("message to the reporter"))
    return " · ".join(str(part) for part in parts)


class Offered(NamedTuple):
    """A macro as a button: name and message in the reader's language, what it does, whether it waits with Undo."""

    id: int
    name: Markup
    said: str
    message: Markup | None
    waits: bool


def offered(rows: Iterable[Any]) -> tuple[Offered, ...]:
    """Macros as buttons. What a reporter reads and what cannot be taken back waits with Undo."""
    return tuple(
        Offered(
            id=row.id,
            name=pages.said(row.name),
            said=said(row),
            message=pages.said(row.message) if row.message else None,
            waits=bool(row.message) or row.act == MacroAct.CANCEL,
        )
        for row in rows
    )


@blueprint.get("/macros")
@policy(policies.may_dispatch)
def macros() -> str:
    """All of them, with what they do."""
    rows = [{"row": row, "said": said(row)} for row in queries.usable()]
    return render_template(
        "tickets/dispatch/macros.html", macros=rows, may_edit=policies.may_edit_macros(current_actor())
    )


@blueprint.get("/macros/new")
@policy(policies.may_edit_macros)
def new_macro() -> Any:
    """The empty form."""
    return _form(forms.Form(MacroForm, {"position": 0}), None)


@blueprint.post("/macros/new")
@policy(policies.may_edit_macros)
def new_macro_post() -> Any:
    """Keep it."""
    return _written(None)


@blueprint.get("/macros/<macro_id>")
@policy(policies.may_edit_macros)
def macro(macro_id: str) -> Any:
    """The form that changes it."""
    found = queries.one(id_in_address(macro_id))
    return _form(seen.form_of(MacroForm, _shown(found)), found)


def _shown(macro: Any) -> dict[str, Any]:
    values = {name: getattr(macro, name) for name in ("act", "reason", "days", "note", "position")}
    for name in ("name", "message"):
        values |= words.to_fields(getattr(macro, name), name)
    known = {each["value"] for each in _reasons()}
    own = bool(macro.reason) and macro.reason not in known
    return {**values, "reason": OTHER if own else macro.reason, "words": macro.reason if own else None}


@blueprint.post("/macros/<macro_id>")
@policy(policies.may_edit_macros)
def macro_post(macro_id: str) -> Any:
    """Write it anew."""
    return _written(queries.one(id_in_address(macro_id)))


@blueprint.post("/macros/<macro_id>/close")
@policy(policies.may_edit_macros)
def macro_close(macro_id: str) -> Any:
    """Nobody is offered it any more."""
    number, actor = id_in_address(macro_id), current_actor()
    with quicker.telling(actor, "macro", number):
        services.close(actor=actor, now=clock.now(), macro_id=number, seen=forms.seen_in(request.form))
        toast(_("The macro is closed."), "info")
        return redirect(url_for("dispatch.macros"), 303)
    return macros(), Stale.status


def _written(found: Any) -> Any:
    form = forms.Form(MacroForm)
    form.beside.add("content")
    data = form.load(request.form)
    if data is not None:
        actor = current_actor()
        given: dict[str, Any] = {
            "actor": actor,
            "now": clock.now(),
            "name": MacroForm.name(data),
            "position": data["position"],
            "content": MacroForm.content(data),
        }
        with form.heeding(Conflict), quicker.heeding(form, actor, "macro", found.id if found else None):
            if found is None:
                services.add(**given)
            else:
                services.change(macro_id=found.id, seen=seen.seen_by(form, _shown), **given)
            toast(_("Kept."))
            return redirect(url_for("dispatch.macros"), 303)
    return _form(form, found, form.status)


def _reasons() -> list[dict[str, Any]]:
    """The reasons of all acts that take one, by act."""
    found: list[dict[str, Any]] = []
    for act in MacroAct:
        if act in NEEDS_REASON:
            group = str(_(MACRO_ACT_LABELS[act]))
            found += [{**each, "group": group} for each in order_words.reason_choices(OrderAct(act.value))]
    return list({each["value"]: each for each in reversed(found)}.values())[::-1]


def _form(form: forms.Form, found: Any, status: int = 200) -> Any:
    return render_template(
        "tickets/dispatch/macro.html",
        form=form,
        macro=found,
        acts=[{"value": act.value, "label": _(MACRO_ACT_LABELS[act])} for act in MacroAct],
        reasons=_reasons(),
    ), status
