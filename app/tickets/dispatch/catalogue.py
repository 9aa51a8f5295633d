"""The catalogue: what can be reported, and which trade repairs it. Nothing is deleted; what ends is closed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.audit import quicker
from app.core import clock, forms, seen, words
from app.core.errors import NotFound, Rejected, Stale
from app.core.http import current_actor, policy
from app.core.i18n import locale
from app.core.pages import toast
from app.sites import queries as places
from app.tickets import order_words, policies
from app.tickets.dispatch import schemas, versioned
from app.tickets.models import Category, Trade
from app.tickets.queries import catalogue_pages as queries
from app.tickets.queries.catalogue import trades as valid_trades
from app.tickets.rules.priority import IMPACT_LABELS
from app.tickets.schemas.catalogue.icons import ICONS
from app.tickets.services import catalogue as services
from app.tickets.services import category_versions as services_of_versions

blueprint = Blueprint("catalogue", __name__, url_prefix="/catalogue")


@blueprint.get("")
@policy(policies.may_edit_catalogue)
def index() -> Any:
    """The tree of categories and the trades."""
    return _page()


def _page(status: int = 200, problem: str | None = None) -> Any:
    today = places.today(clock.now())
    closed = request.args.get("closed") == "1"
    context = {
        "entries": queries.entries(today, closed=closed),
        "trades": queries.trades(today),
        "closed": closed,
        "problem": problem,
    }
    return render_template("tickets/dispatch/catalogue.html", **context), status


@blueprint.get("/categories/new")
@policy(policies.may_edit_catalogue)
def new_category() -> Any:
    """The form for a category, below `parent` where it is given."""
    usual = {
        "parent_id": request.args.get("parent", ""),
        "icon": "wrench",
        "planned_minutes": 30,
        "impact": "room",
        "position": 0,
        "auto_dispatch": True,
    }
    return _category_form(forms.Form(schemas.CategoryFields, usual), None)


@blueprint.post("/categories/new")
@policy(policies.may_edit_catalogue)
def new_category_post() -> Any:
    """Add a category."""
    form = forms.Form(schemas.CategoryFields)
    data = form.load(request.form)
    if data is not None:
        try:
            services.add_category(actor=current_actor(), now=clock.now(), code=data["code"], **_values(data))
            return redirect(url_for("catalogue.index"), 303)
        except Rejected as refused:
            form.refuse(refused)
    return _category_form(form, None, 422)


@blueprint.get("/categories/<category_id>")
@policy(policies.may_edit_catalogue)
def category(category_id: str) -> Any:
    """The form that changes a category."""
    found = category_of(category_id)
    return _category_form(seen.form_of(schemas.CategoryFields, _shown(found)), found)


def _shown(found: Category) -> dict[str, Any]:
    names = ("code", "parent_id", "trade_id", "icon", "position", "planned_minutes", "impact")
    values = {name: getattr(found, name) for name in (*names, "emergency", "emergency_phone", "auto_dispatch")}
    values |= words.to_fields(found.name) | words.to_fields(found.hints, "hints")
    return values | versioned.values(services_of_versions.current(found))


@blueprint.post("/categories/<category_id>")
@policy(policies.may_edit_catalogue)
def category_post(category_id: str) -> Any:
    """Change a category; its code stays."""
    found = category_of(category_id)
    form = forms.Form(schemas.CategoryFields)
    data = form.load(request.form)
    if data is not None:
        actor = current_actor()
        overtaken = quicker.heeding(form, actor, "category", found.id, "category.change", named=versioned.demand)
        with form.heeding(), overtaken:
            services.change_category(
                actor=actor,
                now=clock.now(),
                category_id=found.id,
                seen=seen.seen_by(form, _shown),
                **_values(data),
            )
            return redirect(url_for("catalogue.index"), 303)
    return _category_form(form, found, form.status)


@blueprint.post("/categories/<category_id>/close")
@policy(policies.may_edit_catalogue)
def close_category(category_id: str) -> Any:
    """From today on it can no longer be chosen."""
    found, actor = category_of(category_id), current_actor()
    before = seen.seen_in(request.form, _shown)
    try:
        with quicker.telling(actor, "category", found.id, "category.change", "category.close"):
            services.close_category(actor=actor, now=clock.now(), category_id=found.id, seen=before)
            toast(_("Closed: %(name)s. Its requests keep it.", name=words.text(found.name, locale())), "info")
            return redirect(url_for("catalogue.index"), 303)
    except Rejected as refused:
        return _page(422, str(refused.message))
    return _category_form(seen.form_of(schemas.CategoryFields, _shown(found)), found, Stale.status)


def _values(data: dict[str, Any]) -> dict[str, Any]:
    """What the services take, from what the form carries."""
    kept = ("parent_id", "trade_id", "icon", "position", "planned_minutes", "impact", "emergency", "auto_dispatch")
    return {
        **{name: data[name] for name in kept},
        "emergency_phone": data["emergency_phone"] or None,
        "name": words.from_fields(data),
        "hints": words.from_fields(data, "hints") or None,
        **versioned.given(data),
    }


def category_of(category_id: str) -> Category:
    """The category of an address, closed ones included. Raises NotFound."""
    number = forms.parse_id(category_id)
    found = None if number is None else queries.category(number)
    if found is None:
        raise NotFound
    return found


def _category_form(form: forms.Form, found: Category | None, status: int = 200) -> Any:
    today = places.today(clock.now())
    parents = [
        {"value": entry.row.id, "label": "  " * entry.depth + order_words.said(entry.row.name)}
        for entry in queries.entries(today)
        if found is None or entry.row.id != found.id
    ]
    trades = [{"value": row.id, "label": order_words.said(row.name)} for row in valid_trades(today)]
    context = {
        "form": form,
        "category": found,
        "parents": parents,
        "trades": trades,
        "icons": _icons(found),
        "impacts": [{"value": code, "label": str(_(label))} for code, label in IMPACT_LABELS.items()],
        "spots": versioned.spots(),
        "prices": versioned.prices(),
        "levels": versioned.levels(),
        "demands": versioned.demands(),
        "can_ask": found is not None and found.trade_id is not None and found.valid_to is None,
    }
    return render_template("tickets/dispatch/category.html", **context), status


def _icons(found: Category | None) -> list[dict[str, str]]:
    """The icons to choose from; one that came with the data stays among them."""
    own = {} if found is None or found.icon in ICONS else {found.icon: found.icon}
    return [{"value": name, "label": str(label), "icon": name} for name, label in {**ICONS, **own}.items()]


@blueprint.get("/trades/new")
@policy(policies.may_edit_catalogue)
def new_trade() -> Any:
    """The form for a trade."""
    return _trade_form(forms.Form(schemas.TradeFields))


@blueprint.post("/trades/new")
@policy(policies.may_edit_catalogue)
def new_trade_post() -> Any:
    """Add a trade."""
    form = forms.Form(schemas.TradeFields)
    data = form.load(request.form)
    if data is not None:
        name = words.from_fields(data)
        try:
            services.add_trade(actor=current_actor(), now=clock.now(), code=data["code"], name=name)
            return redirect(url_for("catalogue.index"), 303)
        except Rejected as refused:
            form.refuse(refused)
    return _trade_form(form, status=422)


@blueprint.get("/trades/<trade_id>")
@policy(policies.may_edit_catalogue)
def trade(trade_id: str) -> Any:
    """The form that renames a trade."""
    found = _trade(trade_id)
    return _trade_form(seen.form_of(schemas.TradeFields, _shown_trade(found)), found)


def _shown_trade(found: Trade) -> dict[str, Any]:
    return {"code": found.code, **words.to_fields(found.name)}


@blueprint.post("/trades/<trade_id>")
@policy(policies.may_edit_catalogue)
def trade_post(trade_id: str) -> Any:
    """Rename a trade; its code stays."""
    found = _trade(trade_id)
    form = forms.Form(schemas.TradeFields)
    data = form.load(request.form)
    if data is None:
        return _trade_form(form, found, 422)
    actor = current_actor()
    with quicker.heeding(form, actor, "trade", found.id, "trade.change"):
        services.change_trade(
            actor=actor,
            now=clock.now(),
            trade_id=found.id,
            name=words.from_fields(data),
            seen=seen.seen_by(form, _shown_trade),
        )
        return redirect(url_for("catalogue.index"), 303)
    return _trade_form(form, found, form.status)


@blueprint.post("/trades/<trade_id>/close")
@policy(policies.may_edit_catalogue)
def close_trade(trade_id: str) -> Any:
    """From today on no new order needs it."""
    found, actor = _trade(trade_id), current_actor()
    before = seen.seen_in(request.form, _shown_trade)
    try:
        with quicker.telling(actor, "trade", found.id, "trade.change", "trade.close"):
            services.close_trade(actor=actor, now=clock.now(), trade_id=found.id, seen=before)
            return redirect(url_for("catalogue.index"), 303)
    except Rejected as refused:
        return _page(422, str(refused.message))
    return _trade_form(seen.form_of(schemas.TradeFields, _shown_trade(found)), found, Stale.status)


def _trade(trade_id: str) -> Any:
    number = forms.parse_id(trade_id)
    found = None if number is None else queries.trade(number)
    if found is None:
        raise NotFound
    return found


def _trade_form(form: forms.Form, found: Any = None, status: int = 200) -> Any:
    return render_template("tickets/dispatch/trade.html", form=form, trade=found), status
