"""The list and one order beside it, to look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from flask import make_response, render_template, request, url_for

from app.core import clock, forms, i18n, rendering
from app.core.http import current_actor, no_body, not_modified, policy
from app.sites.rules.worktime import minute_of
from app.tickets import order_words, policies
from app.tickets.dispatch import bar, entry, lines, screens, views
from app.tickets.dispatch.entry import blueprint, order_row
from app.tickets.queries import dispatch_list
from app.tickets.queries.dispatch_list import WAITS
from app.tickets.rules.priority import URGENCIES

CHOICES_KEPT = 64
"""What filters offer, by language, campus and what there is; with hundreds of buildings one is 100 kB."""


@blueprint.get("")
@policy(policies.may_dispatch)
def index() -> Any:
    """What is open, by what it waits for; for a changed filter the list alone."""
    query, now, asks = entry.asked(), clock.now(), bool(request.headers.get("HX-Request"))
    beside = bar.beside(current_actor(), now, filters=not asks)
    kept = views.menu(query, "list", beside.views)
    if asks:
        context = {**whole(query, beside, now), "kept": kept}
        answer = make_response(render_template("tickets/dispatch/_list_filtered.html", **context))
        answer.headers["HX-Replace-Url"] = url_for("dispatch.index", **entry.kept(query))
        return answer
    return views.beginning(kept) or _page(query, beside, now, kept=kept, panel=None)


def _page(query: dict[str, Any], beside: bar.Beside, now: datetime, open_id: int | None = None, **more: Any) -> str:
    found = whole(query, beside, now, open_id)
    return render_template("tickets/dispatch/list.html", choices=choices(query, beside.narrowing), **found, **more)


@blueprint.get("/list")
@policy(policies.may_dispatch)
def part() -> Any:
    """The list without its frame, asked for every few seconds: 204 or 304 where nothing has changed.

    `seen` is the stamp of what the page shows.
    """
    now = clock.now()
    tag = stamp(now)
    if request.args.get("seen") == tag:
        return no_body()
    unchanged = not_modified(tag)
    if unchanged is not None:
        return unchanged
    answer = make_response(render_template("tickets/dispatch/_list.html", **listing(entry.asked(), now)))
    answer.set_etag(tag)
    return answer


@blueprint.get("/<order_id>")
@policy(policies.may_dispatch)
def order(order_id: str) -> Any:
    """One order beside the list: who could take it and why, who was asked, what can be done."""
    return show(screens.panel(order_row(order_id), current_actor(), clock.now()))


@blueprint.get("/<order_id>/news")
@policy(policies.may_dispatch)
def news(order_id: str) -> Any:
    """What others did to the order since `seen` (a version); 204 where they did nothing."""
    row = order_row(order_id)
    if request.args.get("seen") == str(row.version):
        return no_body()
    url = entry.address(row.id, entry.asked())
    return render_template("tickets/dispatch/_news.html", changed=screens.news(row), url=url)


def show(panel: screens.Panel, status: int = 200) -> Any:
    """The page of one order beside the list."""
    query, beside = entry.asked(), bar.beside(current_actor(), panel.now, filters=True)
    kept = views.menu(query, "list", beside.views)
    return _page(query, beside, panel.now, panel.row.id, kept=kept, panel=panel), status


def stamp(now: datetime, of: str | None = None) -> str:
    """A text that changes when the list may have: acts, language, and each minute, since ages are shown.

    `of`: what was read of the acts already.
    """
    return f"{i18n.locale()}-{of or dispatch_list.stamp()}-{minute_of(now)}"


def whole(query: dict[str, Any], beside: bar.Beside, now: datetime, open_id: int | None = None) -> dict[str, Any]:
    """What the list takes with the bar of its chosen orders; requests that wait are not chosen together."""
    found = listing(query, now, open_id)
    if query["state"] == WAITS and open_id is None:
        return found
    return {**found, **bar.offered(beside, found["counts"], (query["state"],))}


def listing(query: dict[str, Any], now: datetime, open_id: int | None = None) -> dict[str, Any]:
    """What the list's templates take."""
    actor, wanted = current_actor(), entry.wanted(query)
    open_id = open_id or forms.parse_id(request.args.get("order"))
    counts, acts = dispatch_list.counts_stamped(actor, wanted)
    waits = query["state"] == WAITS
    if waits:
        found = dispatch_list.waits(actor, wanted, cursor=query["cursor"], limit=query["limit"])
        shown: list[Any] = list(found.items)
    else:
        found = dispatch_list.page(actor, query["state"], wanted, cursor=query["cursor"], limit=query["limit"])
        shown = lines.drawn(
            found.items,
            now,
            rendering.addresses("dispatch.order", "order_id", **entry.kept(query)),
            open_id,
        )
    return {
        "query": query,
        "found": found,
        "lines": shown,
        "waits": waits,
        "counts": counts,
        "tabs": _tabs(query, counts),
        "open_id": open_id,
        "entry": entry,
        "screens": screens,
        "short_place": lines.short_place,
        "words": order_words,
        "stamp": stamp(now, acts),
        "now": now,
    }


def _tabs(query: dict[str, Any], counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "url": url_for("dispatch.index", **entry.kept(query, state=view)),
            "current": query["state"] == view,
            "count": counts[view] or None,
        }
        for view, label in entry.view_labels().items()
    ]


def choices(query: dict[str, Any], offered: str) -> Mapping[str, rendering.Options]:
    """What the filters offer, of `narrowing.offered`; buildings of the chosen campus only."""
    return _choices(i18n.locale(), offered, query["campus"])


@lru_cache(maxsize=CHOICES_KEPT)
def _choices(_tag: str, offered: str, inside: int | None) -> Mapping[str, rendering.Options]:
    found: dict[str, list[dict[str, Any]]] = {"campus": [], "building": [], "trade": []}
    for kind, place_id, name, campus_id, code, words in orjson.loads(offered):
        if kind == "trade":
            found[kind].append({"value": code, "label": order_words.said(words)})
        elif kind == "campus" or inside in (None, campus_id):
            found[kind].append({"value": place_id, "label": name})
    found["priority"] = [{"value": code, "label": order_words.priority(code)} for code in reversed(URGENCIES)]
    return {name: rendering.Options(options) for name, options in found.items()}
