"""One's own requests as cards, and the desk's list as a dense table; the filters stand in the address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from flask import render_template, request, url_for
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from app.core import clock, forms, rendering, words
from app.core.http import current_actor, no_body, policy
from app.core.i18n import format_span, locale
from app.core.i18n import gettext as _
from app.core.paging import Page
from app.core.rendering import Options
from app.sites import queries as sites
from app.tickets import due_words, order_words, policies
from app.tickets.due_words import Due
from app.tickets.queries import catalogue, dispatch_list, followed, progress, tickets
from app.tickets.rules import priority
from app.tickets.rules.workflow import TICKET_ENDS, TICKET_OPEN, TicketStatus
from app.tickets.web import wording
from app.tickets.web.blueprint import blueprint
from app.tickets.web.forms import ListQuery

GROUPS = {"open": tuple(sorted(TICKET_OPEN)), "ended": tuple(sorted(TICKET_ENDS))}
NEEDS = tuple(sorted(wording.NEEDS_REPORTER))
SHOWN_FIRST = 20  # requests that wait for their reporter, shown before the others
NEWS = 20  # of those that came meanwhile as many are counted
SEPARATOR = " · "
FILTERS = ("status", "place", "category", "priority", "trade", "q")
CHOICES_KEPT = 64
"""What filters offer, by language and what there is."""
_QUERY = ListQuery(unknown="exclude")


@blueprint.get("/tickets")
@policy(policies.may_read)
def index() -> Any:
    """The desk's list for staff, one's own requests for everybody else and for `mine=1`."""
    asked = _asked()
    if policies.reads_scopes(current_actor()) and not asked["mine"]:
        return _desk(asked)
    return _mine(asked)


def _asked() -> dict[str, Any]:
    """The filters of the address; blank ones count as not given. Raises Rejected."""
    given = MultiDict((name, value) for name, value in request.args.items(multi=True) if value.strip())
    return forms.load(_QUERY, given.to_dict())


def _mine(asked: dict[str, Any]) -> str:
    actor = current_actor()
    status = asked["status"] if "status" in request.args else "all"
    wanted = tickets.TicketFilter(mine=True, statuses=_statuses(status), q=asked["q"] or None)
    plain = status == "all" and not asked["q"]
    needs: list[Any] = []
    if plain:
        first = tickets.TicketFilter(mine=True, statuses=NEEDS)
        needs = list(tickets.page(actor, first, limit=SHOWN_FIRST, with_due=True).items) if not asked["cursor"] else []
        others = tuple(each.value for each in TicketStatus if each not in wording.NEEDS_REPORTER)
        wanted = tickets.TicketFilter(mine=True, statuses=others)
    if status == "followed":
        page = followed.page(actor, cursor=asked["cursor"], limit=asked["limit"])
        orders: dict[int, list[Any]] = {}
    else:
        page = tickets.page(actor, wanted, cursor=asked["cursor"], limit=asked["limit"], with_due=True)
        orders = progress.orders_of([row.id for row in (*needs, *page.items)])
    return render_template(
        "tickets/mine.html",
        needs=_cards(needs, orders),
        page=Page(_cards(page.items, orders), page.next),
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
            for value, label in (
                ("all", _("All")),
                ("open", _("Open")),
                ("ended", _("Ended")),
                ("followed", _("Followed")),
            )
        ],
        may_file=policies.may_file(actor),
    )


class Card(NamedTuple):
    """One of one's own requests. `said`: what it says besides its chip; `steps`: how far it is, as small bars."""

    number: str
    url: str
    title: str
    place: str
    chip: order_words.Chip
    said: str
    steps: tuple[str, ...]
    needs: bool
    promise: str


def _cards(rows: Iterable[Any], orders: Mapping[int, list[Any]]) -> list[Card]:
    tag, address = locale(), rendering.addresses("tickets.show", "ticket_id")
    return [_card(row, orders.get(row.id, []), tag, address) for row in rows]


def _card(row: Any, orders: list[Any], tag: str, address: rendering.Addresses) -> Card:
    chip = wording.own_chip(row, orders)
    return Card(
        number=row.number,
        url=address(row.id),
        title=words.text(row.category_name, tag),
        place=row.place,
        chip=chip,
        said=wording.news(row, orders, chip),
        steps=wording.steps(row, orders),
        needs=row.status in NEEDS,
        promise=wording.promised(row),
    )


@blueprint.get("/tickets/news")
@policy(policies.may_read)
def news() -> Any:
    """A bar that says how many requests came since the desk's list was drawn: 204 where nothing has happened since.

    `seen` is the stamp of what was last looked at, `newest` the highest id on the page.
    """
    asked, tag = _asked(), dispatch_list.stamp()
    actor, newest = current_actor(), forms.parse_id(request.args.get("newest")) or 0
    if request.args.get("seen") == tag or not policies.reads_scopes(actor):
        return no_body()
    page = tickets.page(actor, _wanted(asked), limit=NEWS)
    fresh = sum(row.id > newest for row in page.items)
    said = ngettext("%(num)d new request", "%(num)d new requests", fresh) if fresh else ""
    if fresh == NEWS and page.next:
        said = _("more than %(num)s new requests", num=NEWS)
    url = url_for("tickets.index", **_kept(asked))
    return render_template("tickets/_news.html", said=said, url=url, news=_news_of(asked, tag, newest))


def _news_of(asked: dict[str, Any], tag: str, newest: int) -> str:
    return url_for("tickets.news", seen=tag, newest=newest, **_kept(asked))


def _wanted(asked: dict[str, Any]) -> tickets.TicketFilter:
    return tickets.TicketFilter(
        statuses=_statuses(asked["status"]),
        place=asked["place"],
        category=asked["category"],
        priorities=(asked["priority"],) if asked["priority"] else (),
        trade=asked["trade"],
        q=asked["q"] or None,
    )


def _desk(asked: dict[str, Any]) -> str:
    actor, now = current_actor(), clock.now()
    tag = dispatch_list.stamp()  # before the list is read: what comes in between is told
    page = tickets.page(actor, _wanted(asked), cursor=asked["cursor"], limit=asked["limit"], with_due=True)
    orders = progress.orders_of([row.id for row in page.items])
    shown = Page(_lines(page.items, orders, now), page.next)
    newest = max((row.id for row in page.items), default=0)
    told = None if asked["cursor"] else _news_of(asked, tag, newest)
    if request.headers.get("HX-Request-Type") == "partial":
        return render_template("tickets/_list.html", news=told, **_list(shown, asked))
    return render_template(
        "tickets/list.html",
        **_list(shown, asked),
        news=told,
        **_choices(locale(), catalogue.offered(sites.today(now))),
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


class Line(NamedTuple):
    """One row of the desk's list. `spot`: as much of the place as fits; `order`: how far the last of them is."""

    number: str
    url: str
    title: str
    words: str
    place: str
    spot: str
    chip: order_words.Chip
    urgent: str | None
    priority: str
    order: str
    orders: int
    holder: str | None
    trade: str
    reporter: str
    age: str
    due: Due | None


_URGENT = {"emergency": "late", "high": "soon"}


def _lines(rows: Iterable[Any], orders: Mapping[int, list[Any]], now: datetime) -> list[Line]:
    tag, address = locale(), rendering.addresses("tickets.show", "ticket_id")
    return [_line(row, orders.get(row.id, []), now, tag, address) for row in rows]


def _line(row: Any, orders: list[Any], now: datetime, tag: str, address: rendering.Addresses) -> Line:
    order = wording.least_advanced(orders)
    return Line(
        number=row.number,
        url=address(row.id),
        title=words.text(row.category_name, tag),
        words=row.description if row.description not in row.category_name.values() else "",
        place=row.place,
        spot=_spot(row.place),
        chip=wording.status_chip(row.status, staff=True),
        urgent=_URGENT.get(row.priority),
        priority=order_words.priority(row.priority),
        order=order_words.state(order.state) if order is not None else "",
        orders=len(orders),
        holder=order.assignee_name if order is not None else None,
        trade=words.text(order.trade_name, tag) if order is not None else "",
        reporter=row.reporter_name or _("without sign-in"),
        age=format_span(max(0, (now - row.filed_at).total_seconds() // 60)),
        due=due_words.due(row, now),
    )


def _spot(path: str) -> str:
    """A place's path as building and room, without a zone the building is named after: both must fit into the line."""
    parts = path.split(SEPARATOR)
    parts = parts[1:] if len(parts) > 2 else parts
    if len(parts) > 2 and parts[1].startswith(parts[0]):
        parts = parts[1:]
    return SEPARATOR.join(parts if len(parts) <= 2 else (parts[0], parts[-1]))


def _statuses(status: str) -> tuple[str, ...]:
    if status in GROUPS:
        return GROUPS[status]
    return () if status == "all" else (status,)


@lru_cache(maxsize=CHOICES_KEPT)
def _choices(tag: str, offered: str) -> Mapping[str, Options]:
    """The options of the filters in the reader's language, made of what `catalogue.offered` answered."""
    categories, trades = orjson.loads(offered)
    groups = (("open", _("Open")), ("ended", _("Ended")), ("all", _("All")))
    plain = [{"value": value, "label": label} for value, label in groups]
    return {
        "statuses": Options(
            plain + [{"value": each.value, "label": wording.status(each, staff=True)} for each in TicketStatus]
        ),
        "categories": Options(_indented(categories, tag)),
        "trades": Options({"value": code, "label": words.text(name, tag)} for code, name in trades),
        "priorities": Options(
            {"value": each, "label": order_words.priority(each)} for each in reversed(priority.URGENCIES)
        ),
    }


def _indented(categories: Sequence[Any], tag: str) -> Iterator[dict[str, str]]:
    """The tree of categories as options, each below its heading; one whose heading is over stands by itself."""
    known = {category_id for category_id, *_rest in categories}
    below: dict[int | None, list[Any]] = {}
    for each in categories:
        below.setdefault(each[1] if each[1] in known else None, []).append(each)

    def options(parent: int | None, depth: int) -> Iterator[dict[str, str]]:
        for category_id, _parent, code, name in below.get(parent, ()):
            yield {"value": code, "label": "\u2003" * depth + words.text(name, tag)}
            yield from options(category_id, depth + 1)

    return options(None, 0)


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
