"""Open orders as lines of the list, from plain rows; the board's slips are made of the same.

A line is drawn once for what it shows: everybody at the desk asks for the list again at each act of anybody, and most
of its lines are as they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from flask import get_template_attribute
from flask_babel import ngettext
from markupsafe import Markup, escape

from app.core import i18n, pages
from app.core.i18n import gettext as _
from app.core.rendering import Addresses
from app.sites.rules.tree import SEPARATOR
from app.sites.rules.worktime import instant_of, minute_of
from app.tickets import due_words, order_words
from app.tickets.due_words import Due
from app.tickets.rules.offers import Waiting
from app.tickets.rules.workflow import OrderState

KEPT = 2048
"""So many lines are kept as they were drawn, with their rows, 4 kB each."""


class Line(NamedTuple):
    """One open order in the list.

    `pick`: it with its version, as a checkbox sends it; `urgent`: its priority, where it is not the usual; `detail`:
    what the state means.
    """

    pick: str
    number: str
    url: str
    urgent: str
    title: Markup
    rework: bool
    trade: Markup
    place: str
    chip: order_words.Chip
    detail: str
    holder: str | None
    age: str
    urged: str
    due: Due | None = None


def drawn(rows: Iterable[Any], now: datetime, addresses: Addresses, open_id: int | None) -> list[Markup]:
    """The rows of `dispatch_list.page` as lines of the table; `open_id`: the order beside the list."""
    tag, zone, minute = i18n.locale(), i18n.zone(), minute_of(now)
    return [_drawn(tag, zone, minute, addresses, row.id == open_id, row) for row in rows]


@lru_cache(maxsize=KEPT)
def _drawn(_tag: str, _zone: tzinfo, minute: int, addresses: Addresses, is_open: bool, row: Any) -> Markup:
    """All that a line depends on are the arguments: versions of calendars never change, and a minute lies in one day.

    The row's words are texts, so that it can be looked up.
    """
    draw = get_template_attribute("tickets/dispatch/_line.html", "line")
    found: Markup = draw(line(row, instant_of(minute), addresses), is_open)
    return found


def line(row: Any, now: datetime, addresses: Addresses) -> Line:
    """One row of the list or the board."""
    return Line(
        pick=f"{row.id}:{row.version}",
        number=row.number,
        url=addresses(row.id),
        urgent=order_words.priority(row.priority) if order_words.urgent(row.priority) else "",
        title=escape(row.description) if row.description else pages.said_as_stored(row.category_words),
        rework=row.kind == "rework",
        trade=pages.said_as_stored(row.trade_words),
        place=short_place(row),
        chip=order_words.state_chip(row.state),
        detail=_detail(row),
        holder=row.assignee_name,
        age=i18n.format_span(max(0, minute_of(now) - minute_of(row.filed_at))),
        urged=order_words.urged(row.urged),
        due=due_words.due(row, now),
    )


def short_place(row: Any) -> str:
    """Building and room: what a line has space for."""
    if not row.place:
        return ""
    parts = str(row.place).split(SEPARATOR)
    if row.building in parts and parts[-1] != row.building:
        return f"{row.building}{SEPARATOR}{parts[-1]}"
    return SEPARATOR.join(parts[1:]) or parts[0]


def _detail(row: Any) -> str:
    state = OrderState(row.state)
    if state is OrderState.QUEUED and row.pooled:
        return str(_("In the pool"))
    if state is OrderState.QUEUED and row.waiting:
        short = {
            Waiting.NOBODY_ELIGIBLE: _("Nobody can take it now"),
            Waiting.DISPATCHER: _("Waits for your choice"),
        }
        return str(short[Waiting(row.waiting)])
    if state is OrderState.OFFERED:
        said = _("until %(time)s", time=i18n.format_moment(row.offered_until))
        return f"{said}, {_asked_before(row.refusals)}" if row.refusals else str(said)
    if state is OrderState.ON_HOLD:
        return order_words.hold(row.hold_reason, row.hold_until)
    if row.help_asked_at is not None:
        return str(_("Needs a second pair of hands"))
    if state is OrderState.PLANNED and row.proposed_by is not None:
        return str(_("Proposed by a technician"))
    if state is OrderState.PLANNED and row.kind == "rework":
        return str(_("Rework waits for your choice"))
    return _asked_before(row.refusals) if state is OrderState.QUEUED and row.refusals else ""


def _asked_before(refusals: int) -> str:
    return str(ngettext("%(num)s offer not taken", "%(num)s offers not taken", refusals))
