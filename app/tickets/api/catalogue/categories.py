"""Categories over the API: read with all that is said of them, added, changed, closed, and every version as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core import clock, forms
from app.core.forms import id_in_address
from app.core.http import (
    accepts,
    answers,
    current_actor,
    json_list,
    no_body,
    policy,
    seen_fields,
    versioned,
)
from app.core.seen import tag
from app.tickets import policies
from app.tickets.api.catalogue.entry import blueprint
from app.tickets.models import Category, CategoryVersion
from app.tickets.queries import catalogue_pages as queries
from app.tickets.rules import demands
from app.tickets.schemas.catalogue import categories as schemas
from app.tickets.services import catalogue as services

CONTENT = (
    "name",
    "planned_minutes",
    "impact",
    "emergency",
    "emergency_phone",
    "auto_dispatch",
    "hints",
)
"""What a category and its versions both hold."""


@blueprint.route("/catalogue/categories", methods=["GET"])
@accepts(blueprint, schemas.CategoryQuery, location="query")
@answers(blueprint, 200, schemas.CategoryPage)
@policy(policies.may_read_policies)
def list_categories(asked: dict[str, Any]) -> Any:
    """The categories, headings too, in the order in which they were made"""
    page = queries.categories_page(
        closed=asked["closed"], parent_id=asked["parent"], cursor=asked["cursor"], limit=asked["limit"]
    )
    return json_list([_shown(row) for row in page.items], page.next)


@blueprint.route("/catalogue/categories", methods=["POST"])
@accepts(blueprint, schemas.NewCategory)
@answers(blueprint, 201, schemas.CategoryFull)
@policy(policies.may_edit_catalogue)
def add_category(sent: dict[str, Any]) -> Any:
    """A new category, with its first version"""
    return _answer(services.add_category(actor=current_actor(), now=clock.now(), **_values(sent)), 201)


@blueprint.route("/catalogue/categories/<string:category_id>", methods=["GET"])
@answers(blueprint, 200, schemas.CategoryFull)
@policy(policies.may_read_policies)
def show_category(category_id: str) -> Any:
    """One category; a closed one, too"""
    return _answer(id_in_address(category_id))


@blueprint.route("/catalogue/categories/<string:category_id>", methods=["PATCH"])
@accepts(blueprint, schemas.CategoryChange)
@answers(blueprint, 200, schemas.CategoryFull)
@policy(policies.may_edit_catalogue)
def change_category(sent: dict[str, Any], category_id: str) -> Any:
    """Change it, for requests reported from now on; what says the same makes no version"""
    number, seen = id_in_address(category_id), seen_fields(_now_so)
    services.change_category(actor=current_actor(), now=clock.now(), category_id=number, seen=seen, **_values(sent))
    return _answer(number)


@blueprint.route("/catalogue/categories/<string:category_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_catalogue)
def close_category(category_id: str) -> Any:
    """From today on it can no longer be chosen; its requests keep it. Refused while others stand below it"""
    number, seen = id_in_address(category_id), seen_fields(_now_so, required=False)
    services.close_category(actor=current_actor(), now=clock.now(), category_id=number, seen=seen)
    return no_body()


@blueprint.route("/catalogue/categories/<string:category_id>/versions", methods=["GET"])
@accepts(blueprint, forms.QuerySchema, location="query")
@answers(blueprint, 200, schemas.CategoryVersionPage)
@policy(policies.may_read_policies)
def list_category_versions(asked: dict[str, Any], category_id: str) -> Any:
    """The versions of a category, newest first"""
    found: Category = queries.whole(id_in_address(category_id))[0]
    page = queries.versions(found.id, cursor=asked["cursor"], limit=asked["limit"])
    return json_list(list(page.items), page.next)


@blueprint.route("/catalogue/categories/<string:category_id>/versions/<string:number>", methods=["GET"])
@answers(blueprint, 200, schemas.CategoryVersionOut)
@policy(policies.may_read_policies)
def show_category_version(category_id: str, number: str) -> Any:
    """A version as it was, for whoever looks at a request of that time"""
    found, trade = queries.version(id_in_address(category_id), forms.number_in_address(number))
    return {
        **_content(found, found, trade),
        "version": found.number,
        "published_at": found.made_at,
        "questions": found.questions,
    }


def _answer(category_id: int, status: int = 200) -> Any:
    """A category with its tag. Raises NotFound."""
    row = queries.whole(category_id)
    return versioned(_shown(row), tag(_own(row)), status)


def _values(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What the services take, from what was sent: the trade by its id, empty words as none."""
    values = {name: value for name, value in sent.items() if name != "trade"}
    if "trade" in sent:
        code = sent["trade"]
        values["trade_id"] = None if code is None else services.usable_trade(code, clock.now()).id
    return values | {name: values[name] or None for name in ("hints", "reply", "emergency_phone") if name in values}


def _shown(row: Any) -> dict[str, Any]:
    category, version, trade = row
    return {
        **_content(category, version, trade),
        "id": category.id,
        "code": category.code,
        "parent_id": category.parent_id,
        "icon": category.icon,
        "position": category.position,
        "version": category.version,
        "drafted": category.draft is not None,
        "closed_on": category.valid_to,
    }


def _content(held: Category | CategoryVersion, version: CategoryVersion | None, trade: str | None) -> dict[str, Any]:
    made = version.demands if version else {}
    return {
        **{name: getattr(held, name) for name in CONTENT},
        "trade": trade,
        "impacts": version.impacts if version else {},
        "sla_policy": version.sla_policy if version else None,
        "price_class": version.price_class if version else None,
        "reply": version.reply if version else None,
        "demands": {"codes": list(demands.demanded(made)), "checklist": list(demands.checklist(made))},
    }


def _own(row: Any) -> dict[str, Any]:
    """What a category's tag stands for: all of it but its questions and their draft, which have a tag of their own."""
    shown = _shown(row)
    own = {name: value for name, value in shown.items() if name not in ("id", "version", "drafted")}
    in_order = dict(enumerate(shown["demands"]["checklist"]))
    return {**own, "demands": {**shown["demands"], "checklist": in_order}}


def _now_so(category: Category) -> dict[str, Any]:
    """The same of its locked row."""
    return _own(queries.whole(category.id))
