"""The board: open orders in columns by what they wait for, what is late first; one order opens beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core import clock, forms, i18n, rendering
from app.core.http import current_actor, no_body, not_modified, policy
from app.tickets import order_words, policies, run_words
from app.tickets.dispatch import bar, entry, lines, pages, screens, views
from app.tickets.dispatch.entry import blueprint
from app.tickets.due_words import Due
from app.tickets.queries import bulk_runs, dispatch_list, loads
from app.tickets.queries.dispatch_list import WAITS
from app.tickets.rules.board_moves import ASKS, WHY_NOT, moves
from app.tickets.rules.workflow import OrderAct, OrderState

SLIPS = 30  # of a column; the list has the others
LOADS = 12  # of the technicians, the fullest
FULL = 0.85  # from this share of what is left of the shift on somebody is nearly full
OLD_DAYS, VERY_OLD_DAYS = 3, 7  # ageing (33)
COLUMNS = ("queued", "offered", "work", "hold")


@blueprint.get("/board")
@policy(policies.may_dispatch)
def board() -> Any:
    """The columns; asked by the page itself, the columns alone."""
    query, now, asks = entry.asked(), clock.now(), bool(request.headers.get("HX-Request"))
    beside = bar.beside(current_actor(), now, filters=not asks)
    kept = views.menu(query, "board", beside.views)
    if asks:
        context = {**_shown(query, beside, now), "kept": kept}
        answer = make_response(render_template("tickets/dispatch/_board_filtered.html", **context))
        answer.headers["HX-Replace-Url"] = url_for("dispatch.board", **entry.kept(query))
        return answer
    return views.beginning(kept) or render_template(
        "tickets/dispatch/board.html",
        choices=pages.choices(query, beside.narrowing),
        kept=kept,
        may_edit_macros=policies.may_edit_macros(current_actor()),
        **_shown(query, beside, now),
    )


@blueprint.get("/board/news")
@policy(policies.may_dispatch)
def board_news() -> Any:
    """A bar that says what is new since the board was drawn: 204 or 304 where nothing is.

    `seen` is the stamp of what the page shows, `newest` the highest id of an order on it. Nothing moves under the
    dispatcher's hands: the bar's button (or `n`) draws the board anew.
    """
    tag = pages.stamp(clock.now())
    if request.args.get("seen") == tag:
        return no_body()
    unchanged = not_modified(tag)
    if unchanged is not None:
        return unchanged
    query = entry.asked()
    newest = forms.parse_id(request.args.get("newest")) or 0
    fresh = dispatch_list.newer(current_actor(), entry.wanted(query), newest)
    said = ngettext("%(num)d new order", "%(num)d new orders", fresh) if fresh else _("Something has changed")
    answer = make_response(
        render_template(
            "tickets/dispatch/_board_news.html", said=said, query=query, entry=entry, tag=tag, newest=newest
        )
    )
    answer.set_etag(tag)
    return answer


def _shown(query: dict[str, Any], beside: bar.Beside, now: datetime) -> dict[str, Any]:
    """What the board's templates take; a constant number of statements."""
    actor, wanted = current_actor(), entry.wanted(query)
    counts, acts = dispatch_list.counts_stamped(actor, wanted)
    found = {view: dispatch_list.column(actor, view, wanted, SLIPS) for view in COLUMNS}
    waits = dispatch_list.waits(actor, wanted, limit=SLIPS).items
    labels = entry.view_labels()
    columns = [_tickets(query, waits, counts[WAITS], labels[WAITS], now)]
    columns += [_orders(query, view, found[view], counts[view], labels[view], now) for view in COLUMNS]
    planned = {"id": "planned", "name": labels["planned"], "count": bar.many(counts["planned"]), "folded": True}
    columns.append({**planned, "url": url_for("dispatch.index", **entry.kept(query, state="planned"))})
    chosen = bar.offered(beside, counts, COLUMNS)
    names = {each["value"]: each["label"] for each in chosen["people"]}
    strip = loads.of(list(names), now, trade=query["trade"])
    return {
        "query": query,
        "columns": columns,
        "entry": entry,
        "stamp": pages.stamp(now, acts),
        "newest": max((row.id for rows in found.values() for row in rows), default=0),
        "running": [{"row": row, "act": run_words.stored(row.task)} for row in bulk_runs.running(actor)],
        **chosen,
        "loads": [load_of(each, names[each.person_id]) for each in strip[:LOADS]],
        "loads_more": max(0, len(strip) - LOADS),
    }


def _orders(
    query: dict[str, Any], view: str, rows: Sequence[Any], count: int, name: str, now: datetime
) -> dict[str, Any]:
    late = sum(row.due_at is not None and row.due_at < now for row in rows)
    addresses = rendering.addresses("dispatch.order", "order_id", **entry.kept(query))
    return {
        "id": view,
        "name": name,
        "count": bar.many(count),
        "refuses": _(WHY_NOT[view]),
        "asks": " ".join(sorted(ASKS)),
        "late": ngettext("%(num)d late", "%(num)d late", late) if late else None,
        "slips": [_slip(row, lines.line(row, now, addresses), now) for row in rows],
        "more": _more(query, view, count - len(rows)),
    }


def _tickets(query: dict[str, Any], rows: Sequence[Any], count: int, name: str, now: datetime) -> dict[str, Any]:
    return {
        "id": WAITS,
        "name": name,
        "count": bar.many(count),
        "refuses": _(WHY_NOT[WAITS]),
        "asks": "",
        "slips": [
            {
                "number": row.number,
                "url": url_for("tickets.show", ticket_id=row.id),
                "title": order_words.said(row.category_name),
                "place": lines.short_place(row),
                "urgent": order_words.priority(row.priority) if order_words.urgent(row.priority) else None,
                "left": screens.why_it_waits(row),
                "right": i18n.format_span((now - row.filed_at).total_seconds() / 60),
                "right_kind": _aged(row, now),
            }
            for row in rows
        ],
        "more": _more(query, WAITS, count - len(rows)),
    }


def _slip(row: Any, line: lines.Line, now: datetime) -> dict[str, Any]:
    """One order as a slip: what, where, who has it, how old it is, and when it is due."""
    holder = f"→ {row.assignee_name}" if row.state == OrderState.OFFERED else row.assignee_name
    until = _("until %(time)s", time=i18n.format_moment(row.hold_until)) if row.hold_until else ""
    detail = until if row.state == OrderState.ON_HOLD else line.detail  # the chip says why
    return {
        "pick": line.pick,
        "number": row.number,
        "url": line.url,
        "title": order_words.said_as_stored(row.category_words),
        "place": f"{line.place} · {order_words.said_as_stored(row.trade_words)}",
        "urgent": " · ".join(filter(None, (line.urgent, line.urged))) or None,
        "left": [part for part in (holder, detail) if part] or line.chip.text,
        "right": line.age,
        "right_kind": _aged(row, now),
        "moves": " ".join(
            f"{column}:{act}" for column, act in moves(OrderState(row.state), held=row.assignee_id is not None).items()
        ),
        "due": due(row, line.due),
    }


def due(row: Any, found: Due | None) -> Due | None:
    """The chip of the earliest due time, named, in working minutes; on hold its reason, unless it is near or late."""
    if row.state == OrderState.ON_HOLD and (found is None or found.state == "ok"):
        return Due("paused", "", reason=order_words.reason(OrderAct.HOLD, row.hold_reason))
    return found


def _aged(row: Any, now: datetime) -> str | None:
    """How old it is as a colour; the age itself stands there in words."""
    days = (now - row.filed_at).days
    return "late" if days >= VERY_OLD_DAYS else "soon" if days >= OLD_DAYS else None


def load_of(load: loads.Load, name: str) -> dict[str, Any]:
    """One technician of the strip: what he holds beside what is left of his shift, in words and as a bar."""
    held = i18n.format_number(load.minutes / 60, 1)
    away = load.left is None
    rest = _("off duty") if away else _("full")
    if load.left is not None and load.left > load.minutes:
        rest = _("%(hours)s h free", hours=i18n.format_number((load.left - load.minutes) / 60, 1))
    return {
        "name": name,
        "person_id": load.person_id,
        "count": ngettext("%(num)s order", "%(num)s orders", load.orders),
        "done": 0 if away else min(load.minutes, load.left or 0),
        "total": max(load.left or 1, 1),
        "figure": _("%(hours)s h", hours=held)
        if away
        else _("%(held)s / %(left)s h", held=held, left=i18n.format_number((load.left or 0) / 60, 1)),
        "rest": rest,
        "late": ngettext("%(num)d late", "%(num)d late", load.late) if load.late else None,
        "kind": None if away else "late" if load.share > 1 else "soon" if load.share >= FULL else None,
    }


def _more(query: dict[str, Any], view: str, rest: int) -> dict[str, Any] | None:
    if rest <= 0:
        return None
    label = ngettext("%(num)d more", "%(num)d more", rest)
    if rest >= dispatch_list.COUNTED - SLIPS:  # the count itself ended there
        label = _("%(count)s in all: see the list", count=bar.many(dispatch_list.COUNTED))
    return {"label": label, "url": url_for("dispatch.index", **entry.kept(query, state=view))}
