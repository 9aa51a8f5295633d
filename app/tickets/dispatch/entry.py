"""The blueprint of the dispatcher's pages, the filters in the address, and finding the order an address means."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, validate

from app.core import forms, i18n
from app.core.errors import NotFound
from app.core.http import current_actor
from app.tickets.queries import crew_day
from app.tickets.queries.dispatch_list import VIEWS, WAITS, Wanted
from app.tickets.rules.priority import URGENCIES
from app.tickets.services.saved_views import STATE_LABELS

blueprint = Blueprint("dispatch", __name__, url_prefix="/dispatch")

FILTERS = ("campus", "building", "trade", "priority", "q")
EVERYTHING = "all"  # as a view: no filters, also for somebody whose list begins with a kept view
_OFFERED = _l("Choose one of the offered values.")


class View(forms.Id):
    """The id of a kept view, or the word for none; what is neither counts as not given."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return EVERYTHING if value == EVERYTHING else forms.parse_id(value)


class ListQuery(forms.QuerySchema):
    """The filters of the list as they stand in its address, and the kept view they came from."""

    state = forms.Text(load_default="open", validate=validate.OneOf((*VIEWS, WAITS), error=_OFFERED))
    campus = forms.Id(load_default=None)
    building = forms.Id(load_default=None)
    trade = forms.Text(max=64, load_default=None)
    priority = forms.Text(load_default=None, validate=validate.OneOf(URGENCIES, error=_OFFERED))
    q = forms.Text(max=100, load_default=None)
    view = View(load_default=None)
    to = forms.Text(load_default="board", validate=validate.OneOf(("board", "list"), error=_OFFERED))

    class Meta:
        unknown = EXCLUDE


_QUERY = ListQuery()


def asked() -> dict[str, Any]:
    """The filters of this address; blank ones count as not given. Raises Rejected."""
    return forms.load(_QUERY, {name: value for name, value in request.args.items() if value != ""})


def wanted(query: dict[str, Any]) -> Wanted:
    return Wanted(**{name: query[name] for name in FILTERS})


def kept(query: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The filters as parameters of another address of the list, some of them changed."""
    usual: dict[str, Any] = {"state": "open"}
    merged = {**{name: query[name] for name in ("state", *FILTERS, "view")}, **changed}
    return {name: value for name, value in merged.items() if value is not None and usual.get(name) != value}


def home(query: dict[str, Any]) -> str:
    """The address of the page, board or list, on which many orders were chosen."""
    return url_for("dispatch.index" if query["to"] == "list" else "dispatch.board", **kept(query))


@i18n.per_language
def view_labels() -> dict[str, str]:
    """What the views of the list, and the columns of the board, are called."""
    return {code: str(label) for code, label in STATE_LABELS.items()}


def address(order_id: int, query: dict[str, Any]) -> str:
    """The address of one order beside the list as it is filtered."""
    return url_for("dispatch.order", order_id=order_id, **kept(query))


def order_row(order_id: str) -> Any:
    """The order of an address, as far as the reader may see it. Raises NotFound."""
    number = forms.parse_id(order_id)
    row = None if number is None else crew_day.one(number, current_actor())
    if row is None:
        raise NotFound
    return row
