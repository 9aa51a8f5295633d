"""One's own requests as cards, and the desk's list as a dense table; the filters stand in the address."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.core import clock, forms, words
from app.core.http import current_actor, policy
from app.core.i18n import locale
from app.core.paging import Page
from app.sites import queries as sites
from app.tickets import order_words, policies
from app.tickets.queries import catalogue, progress, tickets
from app.tickets.queries.catalogue import Branch
from app.tickets.rules import priority
from app.tickets.rules.workflow import TICKET_MOVING, TICKET_OPEN, TicketStatus
from app.tickets.web import wording
from app.tickets.web.blueprint import blueprint
from app.tickets.web.forms import ListQuery

OPEN = tuple(sorted(TICKET_OPEN))
MOVING = tuple(sorted(TICKET_MOVING))
NEEDS = tuple(sorted(wording.NEEDS_REPORTER))
SHOWN_FIRST = 20  # requests that wait for their reporter, shown before the others
SEPARATOR = " · "
FILTERS = ("status", "place", "category", "priority", "trade", "q")


@blueprint.get("/tickets")
@policy(policies.may_read)
def index() -> Any:
    """The desk's list for staff, one's own requests for everybody else and for `mine=1`."""
    given = MultiDict((name, value) for name, value in request.args.items(multi=True) if value.strip())
    asked = forms.load(ListQuery(unknown="exclude"), given.to_dict())
    if policies.reads_scopes(current_actor()) and not asked["mine"]:
        return _desk(asked)
    return _mine(asked)


def _mine(asked: dict[str, Any]) -> str:
    actor = current_actor()
    status = asked["status"] if "status" in request.args else "all"
    wanted = tickets.TicketFilter(mine=True, statuses=_statuses(status), q=asked["q"] or None)
    plain = status == "all" and not asked["q"]
    needs: list[Any] = []
    if plain:
        first = tickets.TicketFilter(mine=True, statuses=NEEDS)
        needs = list(tickets.page(actor, first, limit=SHOWN_FIRST).items) if not asked["cursor"] else []
        others = tuple(each.value for each in TicketStatus if each not in wording.NEEDS_REPORTER)
        wanted = tickets.TicketFilter(mine=True, statuses=others)
    page = tickets.page(actor, wanted, cursor=asked["cursor"], limit=asked["limit"])
    orders = progress.orders_of([row.id for row in (*needs, *page.items)])
    said = Said(staff=False)
    return render_template(
        "tickets/mine.html",
        needs=[_card(row, orders.get(row.id, []), said) for row in needs],
        page=Page([_card(row, orders.get(row.id, []), said) for row in page.items], page.next),
        status=status,
        q=asked["q"],
        plain=plain,
        url=url_for("tickets.index", mine=_flag(asked), status=None if plain else status, q=asked["q"] or None),
        tabs=[
            {
                "label": label,
                "url": url_for("tickets.index", mine=_flag(asked), status=value),
                "current": status == value,
            }
            for value, label in (("all", _("All")), ("open", _("Open")), ("closed", _("Closed")))
        ],
        may_file=policies.may_file(actor),
    )


class Said:
    """The words of one page, each said once however many rows say it."""

    def __init__(self, *, staff: bool) -> None:
        self.tag = locale()
        self.status = cache(lambda code: wording.status_chip(code, staff=staff))
        self.order = cache(order_words.state)
        self.priority = cache(order_words.priority)
        self.nobody = _("without sign-in")

    def name(self, value: dict[str, str]) -> str:
        return words.text(value, self.tag)


def _card(row: Any, orders: list[Any], said: Said) -> dict[str, Any]:
    chip = wording.own_chip(row, orders, said.status)
    return {
        "id": row.id,
        "number": row.number,
        "title": said.name(row.category_name),
        "place": row.place,
        "chip": chip,
        "said": wording.news(row, orders, chip),
        "steps": wording.steps(row, orders),
        "needs": row.status in NEEDS,
    }


def _desk(asked: dict[str, Any]) -> str:
    actor, now = current_actor(), clock.now()
    wanted = tickets.TicketFilter(
        statuses=_statuses(asked["status"]),
        place=asked["place"],
        category=asked["category"],
        priorities=(asked["priority"],) if asked["priority"] else (),
        trade=asked["trade"],
        q=asked["q"] or None,
    )
    page = tickets.page(actor, wanted, cursor=asked["cursor"], limit=asked["limit"])
    orders = progress.orders_of([row.id for row in page.items])
    said = Said(staff=True)
    shown = Page([_line(row, orders.get(row.id, []), now, said) for row in page.items], page.next)
    if request.headers.get("HX-Request-Type") == "partial":
        return render_template("tickets/_list.html", **_list(shown, asked))
    today = sites.today(now)
    return render_template(
        "tickets/list.html",
        **_list(shown, asked),
        statuses=_status_options(),
        categories=_category_options(catalogue.tree(today)),
        trades=[{"value": row.code, "label": words.text(row.name, locale())} for row in catalogue.trades(today)],
        priorities=[{"value": each, "label": order_words.priority(each)} for each in reversed(priority.URGENCIES)],
        pick_url=url_for("sites.pick", name="place", back=url_for("tickets.index", **_kept(asked, place=None))),
        tabs=_tabs(asked),
        may_report_for=actor.can(policies.ON_BEHALF),
    )


def _list(page: Page[Any], asked: dict[str, Any]) -> dict[str, Any]:
    place = sites.by_id(asked["place"]) if asked["place"] else None
    return {
        "page": page,
        "asked": asked,
        "url": url_for("tickets.index", **_kept(asked)),
        "narrowed": [name for name in FILTERS if name != "status" and asked[name]],
        "place": place,
        "without_place": url_for("tickets.index", **_kept(asked, place=None)),
    }


def _line(row: Any, orders: list[Any], now: datetime, said: Said) -> dict[str, Any]:
    order = wording.least_advanced(orders)
    return {
        "id": row.id,
        "number": row.number,
        "title": said.name(row.category_name),
        "words": row.description if row.description not in row.category_name.values() else "",
        "place": row.place,
        "spot": _spot(row.place),
        "chip": said.status(row.status),
        "order": said.order(order.state) if order is not None else "",
        "orders": len(orders),
        "with": order.assignee_name if order is not None else None,
        "trade": said.name(order.trade_name) if order is not None else "",
        "priority": said.priority(row.priority),
        "urgent": {"emergency": "late", "high": "soon"}.get(row.priority),
        "reporter": row.reporter_name or said.nobody,
        "minutes": max(0, (now - row.filed_at).total_seconds() // 60),
    }


def _spot(path: str) -> str:
    """A place's path without its campus and a zone its building is named after: the room must fit into the line."""
    parts = path.split(SEPARATOR)
    parts = parts[1:] if len(parts) > 2 else parts
    if len(parts) > 2 and parts[1].startswith(parts[0]):
        parts = parts[1:]
    return SEPARATOR.join(parts)


def _statuses(status: str) -> tuple[str, ...]:
    if status == "open":
        return OPEN
    return () if status == "all" else (status,)


def _status_options() -> list[dict[str, str]]:
    plain = [{"value": "open", "label": _("Open")}, {"value": "all", "label": _("All")}]
    return plain + [{"value": each.value, "label": wording.status(each, staff=True)} for each in TicketStatus]


def _category_options(tree: list[Branch], depth: int = 0) -> list[dict[str, str]]:
    options: list[dict[str, str]] = []
    for branch in tree:
        label = words.text(branch.name, locale())
        options.append({"value": branch.code, "label": "\u2003" * depth + label})
        options += _category_options(branch.children, depth + 1)
    return options


def _tabs(asked: dict[str, Any]) -> list[dict[str, Any]]:
    views = [
        ("open", _("Open")),
        (TicketStatus.SUBMITTED.value, wording.status(TicketStatus.SUBMITTED, staff=True)),
        (TicketStatus.NEEDS_INFO.value, wording.status(TicketStatus.NEEDS_INFO, staff=True)),
        (TicketStatus.RESOLVED.value, wording.status(TicketStatus.RESOLVED, staff=True)),
        ("all", _("All")),
    ]
    found = [
        {
            "label": label,
            "url": url_for("tickets.index", **_kept(asked, status=value)),
            "current": asked["status"] == value,
        }
        for value, label in views
    ]
    return [*found, {"label": _("Reported by me"), "url": url_for("tickets.index", mine=1), "current": False}]


def _flag(asked: dict[str, Any]) -> int | None:
    return 1 if asked["mine"] else None


def _kept(asked: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The filters as arguments of the desk's address; the usual ones left out."""
    kept = {name: asked[name] for name in FILTERS} | changed
    if kept["status"] == "open":
        kept["status"] = None
    return {name: value or None for name, value in kept.items()}
