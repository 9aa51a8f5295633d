"""Kept views: picked from a menu of list and board, kept under a name, shared with a role, one to begin with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import fields

from app.audit import quicker
from app.core import clock, forms, pages, seen
from app.core.errors import Conflict, NotAllowed, Stale
from app.core.forms import id_in_address
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.sites import queries as places
from app.tickets import order_words, policies
from app.tickets.dispatch import entry
from app.tickets.dispatch.entry import blueprint
from app.tickets.queries import saved_views as queries
from app.tickets.rules import saved_views as rules
from app.tickets.services import saved_views as services

PAGES = {"board": "dispatch.board", "list": "dispatch.index"}


class ViewForm(forms.Schema):
    """The name of a view, and the role it is shared with."""

    name = forms.Text(max=rules.NAME_LIMIT, required=True, error_messages={"required": _l("Give it a name.")})
    role = forms.Id(load_default=None)
    begin = fields.Boolean(load_default=False)
    to = forms.Text(max=10, load_default=None)


def menu(query: Mapping[str, Any], page: str, rows: Sequence[Any]) -> dict[str, Any]:
    """What the menu of views shows of `queries.listed`: those to pick, which is on, whether the filters changed since.

    `told`: what its filters named that no longer exists. Two statements for a view that is on.
    """
    actor = current_actor()
    current = next((row for row in rows if row.id == query["view"]), None)
    wrong = services.gone(current) if current else {}
    present = rules.on({name: query[name] for name in rules.FILTERS})
    if page == "board":
        present.pop("state", None)
    return {
        "page": page,
        "own": [row for row in rows if row.role_id is None],
        "shared": [row for row in rows if row.role_id is not None],
        "current": current,
        "changed": current is not None
        and _comparable(present, page) != _comparable(rules.left(current.filters, wrong), page),
        "may_change": current is not None and services.may_change(actor, current),
        "told": [_gone_words(name, said) for name, said in wrong.items()],
        "present": present,
        "begins": next((row for row in rows if row.is_default), None),
    }


def _comparable(filters: Mapping[str, Any], page: str) -> dict[str, Any]:
    """Filters as a page shows them: the board has all states side by side."""
    return {name: value for name, value in filters.items() if page == "list" or name != "state"}


def beginning(kept: Mapping[str, Any]) -> Any:
    """Where somebody is sent who opens a page without saying what he wants to see; None: nowhere else."""
    first = None if request.query_string else kept["begins"]
    return None if first is None else _open(first, kept["page"])


def _open(row: Any, page: str) -> Any:
    return redirect(_address(row, page), 302)


def _address(row: Any, page: str) -> str:
    filters = _comparable(rules.left(row.filters, services.gone(row)), page)
    return url_for(PAGES[page], **filters, view=row.id)


def _page_of(said: Any) -> str:
    return said if said in PAGES else "board"


@blueprint.get("/views")
@policy(policies.may_dispatch)
def views() -> str:
    """All the views one may pick, with what can be done to each."""
    return _views(_page_of(request.args.get("to")))


def _views(page: str) -> str:
    actor, rows = current_actor(), queries.listed(current_actor())
    around = queries.surroundings([row.filters for row in rows])
    return render_template(
        "tickets/dispatch/views.html",
        page=page,
        views=[
            {
                "row": row,
                "said": words(row.filters, around),
                "may_change": services.may_change(actor, row),
                "may_remove": services.may_remove(actor, row),
                "mine": row.owner_id == actor.id,
            }
            for row in rows
        ],
    )


@blueprint.get("/views/new")
@policy(policies.may_dispatch)
def new_view() -> Any:
    """The form that keeps the filters of the address."""
    return _form(forms.Form(ViewForm, {"to": _page_of(request.args.get("to"))}), None, _asked())


@blueprint.post("/views/new")
@policy(policies.may_dispatch)
def new_view_post() -> Any:
    """Keep them; the page is shown with the view on."""
    form, filters = forms.Form(ViewForm), _asked()
    data = form.load(request.form)
    if data is None:
        return _form(form, None, filters, 422)

    def keep() -> Any:
        made = services.keep(
            actor=current_actor(), now=clock.now(), name=data["name"], role_id=data["role"], filters=filters
        )
        if data["begin"]:
            services.begin_with(actor=current_actor(), now=clock.now(), view_id=made.id)
        return made

    return _tried(form, None, filters, keep)


@blueprint.get("/views/<view_id>")
@policy(policies.may_dispatch)
def view(view_id: str) -> Any:
    """The form that renames a view and shares it."""
    row = queries.one(current_actor(), id_in_address(view_id))
    _refuse_strangers(row)
    form = seen.form_of(ViewForm, _shown(row))
    form.values |= {"begin": row.is_default, "to": _page_of(request.args.get("to"))}
    return _form(form, row, row.filters)


def _shown(row: Any) -> dict[str, Any]:
    """What of a view its form shows; which one begins is everybody's own."""
    return {"name": row.name, "role": row.role_id}


@blueprint.post("/views/<view_id>")
@policy(policies.may_dispatch)
def view_post(view_id: str) -> Any:
    """Rename it, share it, take it back."""
    row = queries.one(current_actor(), id_in_address(view_id))
    _refuse_strangers(row)
    form = forms.Form(ViewForm)
    data = form.load(request.form)
    if data is None:
        return _form(form, row, row.filters, 422)

    before = seen.seen_by(form, _shown)

    def change() -> Any:
        given: dict[str, Any] = {"actor": current_actor(), "now": clock.now()}
        role = {"role_id": data["role"]} if policies.may_share_views(current_actor()) else {}
        made = services.change(view_id=row.id, seen=before, name=data["name"], **role, **given)
        if data["begin"] != row.is_default:
            services.begin_with(view_id=row.id if data["begin"] else None, **given)
        return made

    return _tried(form, row, row.filters, change)


@blueprint.get("/views/<view_id>/open")
@policy(policies.may_dispatch)
def open_view(view_id: str) -> Any:
    """The list or board as the view keeps it; what no longer exists is left out, and the page says so."""
    return _open(queries.one(current_actor(), id_in_address(view_id)), _page_of(request.args.get("to")))


@blueprint.post("/views/<view_id>/filters")
@policy(policies.may_dispatch)
def view_filters(view_id: str) -> Any:
    """Keep the filters of the address in this view from now on."""
    row, page = queries.one(current_actor(), id_in_address(view_id)), _page_of(request.form.get("to"))
    actor, filters = current_actor(), _asked()
    if page == "board" and "state" in row.filters:
        filters["state"] = row.filters["state"]  # the board does not narrow by state: the list still does
    with quicker.telling(actor, "view", row.id):
        before = forms.seen_in(request.form)
        services.change(actor=actor, now=clock.now(), view_id=row.id, seen=before, filters=filters)
        toast(_("“%(name)s” keeps these filters now.", name=row.name))
        return redirect(url_for(PAGES[page], **_comparable(filters, page), view=row.id), 303)
    return _views(page), Stale.status


@blueprint.post("/views/<view_id>/default")
@policy(policies.may_dispatch)
def view_default(view_id: str) -> Any:
    """Begin with this view; once more: begin with everything again."""
    row = queries.one(current_actor(), id_in_address(view_id))
    wanted = None if request.form.get("off") else row.id
    services.begin_with(actor=current_actor(), now=clock.now(), view_id=wanted)
    return redirect(url_for("dispatch.views", to=_page_of(request.form.get("to"))), 303)


@blueprint.post("/views/<view_id>/remove")
@policy(policies.may_dispatch)
def view_remove(view_id: str) -> Any:
    """Nobody is offered it any more."""
    number, page, actor = id_in_address(view_id), _page_of(request.form.get("to")), current_actor()
    with quicker.telling(actor, "view", number):
        services.remove(actor=actor, now=clock.now(), view_id=number, seen=forms.seen_in(request.form))
        toast(_("The view is removed."), "info")
        return redirect(url_for("dispatch.views", to=page), 303)
    return _views(page), Stale.status


def _refuse_strangers(row: Any) -> None:
    if not services.may_change(current_actor(), row):
        raise NotAllowed


def _asked() -> dict[str, Any]:
    query = entry.asked()
    return rules.on({name: query[name] for name in rules.FILTERS})


def _tried(form: forms.Form, row: Any, filters: dict[str, Any], act: Callable[[], Any]) -> Any:
    of = ("view", row.id if row is not None else None)
    with form.heeding(Conflict), quicker.heeding(form, current_actor(), *of):
        made = act()
        page = _page_of(form.values.get("to"))
        toast(_("Kept: “%(name)s”.", name=made.name))
        if row is not None:
            return redirect(url_for("dispatch.views", to=page), 303)
        return redirect(url_for(PAGES[page], **_comparable(filters, page), view=made.id), 303)
    return _form(form, row, filters, form.status)


def _form(form: forms.Form, row: Any, filters: Mapping[str, Any], status: int = 200) -> Any:
    sharing = policies.may_share_views(current_actor())
    roles = queries.roles(places.today(clock.now())) if sharing else []
    return render_template(
        "tickets/dispatch/view.html",
        form=form,
        row=row,
        filters=filters,
        said=words(filters, queries.surroundings([filters])),
        sharing=sharing,
        roles=[{"value": each.id, "label": pages.said(each.name)} for each in roles],
        page=_page_of(form.values.get("to")),
    ), status


def labels() -> dict[str, str]:
    """What the filters are called."""
    return {
        "state": _("State"),
        "campus": _("Campus"),
        "building": _("Building"),
        "trade": _("Trade"),
        "priority": _("Priority"),
    }


def words(filters: Mapping[str, Any], around: rules.Surroundings) -> list[dict[str, Any]]:
    """The filters as people read them, with those that no longer exist marked."""
    wrong = rules.gone(filters, around, services.STATES, services.PRIORITIES)
    return [
        {"label": labels()[name], "value": _value(name, filters[name], around), "gone": name in wrong}
        for name in rules.FILTERS
        if name in filters
    ]


def _value(name: str, stored: Any, around: rules.Surroundings) -> Any:
    if name in rules.PLACES:
        return around.places[stored][1].said if stored in around.places else _("unknown")
    if name == "trade":
        known = around.trades.get(str(stored))
        return pages.said(known.said) if known else stored
    if name == "priority":
        return order_words.priority(stored) if stored in services.PRIORITIES else stored
    return entry.view_labels().get(stored, stored)


def _gone_words(name: str, said: Any) -> str:
    what = said if isinstance(said, str) else pages.said(said) if said else _("unknown")
    return str(_("%(filter)s %(value)s", filter=labels()[name], value=what))
