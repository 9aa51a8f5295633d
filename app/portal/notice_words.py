"""Notices in words: when an outage is, for where, what stands beside the title."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.core import i18n
from app.notifications import rendering
from app.portal.rules import notices as rules
from app.portal.rules.notices import Content, Kind, Phase, Utility

PLACES_NAMED = 4
ICONS = {
    Utility.WATER: "drop",
    Utility.POWER: "bolt",
    Utility.HEAT: "heat",
    Utility.NETWORK: "wifi",
    Utility.LIFT: "lift",
}
KIND_ICONS = {Kind.INFORMATION: "megaphone", Kind.OUTAGE: "off", Kind.URGENT: "alert"}
PHASE_KINDS = {Phase.DRAFT: None, Phase.PLANNED: "info", Phase.SHOWN: "good", Phase.OVER: None}


def kind(code: str) -> str:
    """Information, planned outage, urgent."""
    return str(_(rules.KIND_LABELS[Kind(code)]))


def utility(code: str) -> str:
    """Water, electricity …"""
    return str(_(rules.UTILITY_LABELS[Utility(code)]))


def icon(row: Any) -> str:
    """What a notice is drawn with: the supply that is off, else its kind."""
    return ICONS[Utility(row.utility)] if row.utility else KIND_ICONS[Kind(row.kind)]


def titled(content: Content) -> Content:
    """A content whose outage has no title gets the usual one, in both languages."""
    if content.title or content.kind != Kind.OUTAGE or content.utility is None:
        return content
    return content.changed({"title": rendering.in_both(_l(rules.OUTAGE_TITLES[content.utility]))})


def span(starts: datetime, ends: datetime, now: datetime) -> str:
    """From when until when: `Today, 13:00–15:00`, `Tue 24 Nov, 13:00–15:00`, `24 Nov, 22:00 – 25 Nov, 06:00`."""
    zone = i18n.zone()
    first, last = starts.astimezone(zone).date(), ends.astimezone(zone).date()
    if first != last:
        return i18n.format_period(starts, ends)
    hours = f"{i18n.format_time(starts)}–{i18n.format_time(ends)}"
    if first == now.astimezone(zone).date():
        return str(_("Today, %(hours)s", hours=hours))
    weekday, day = i18n.format_weekday(first), i18n.format_day(first)
    return str(_("%(weekday)s %(day)s, %(hours)s", weekday=weekday, day=day, hours=hours))


def when(row: Any, now: datetime) -> str:
    """When an outage is; empty for the other kinds."""
    return span(row.starts_at, row.ends_at, now) if row.starts_at and row.ends_at else ""


def where(row: Any) -> str:
    """The places by name, at most four of them."""
    return str(_("Everywhere")) if row.everywhere else some_of(row.places)


def some_of(names: Sequence[str]) -> str:
    """`Taoyuan 1, Taoyuan 2 and 5 more`."""
    named = str(_(", ")).join(names[:PLACES_NAMED])
    more = len(names) - PLACES_NAMED
    if more <= 0:
        return named
    return str(ngettext("%(names)s and %(num)d more", "%(names)s and %(num)d more", more, names=named))


def chip(row: Any, now: datetime) -> dict[str, Any] | None:
    """What presses about a shown notice: urgent, off now, about to be off."""
    if row.kind == Kind.URGENT:
        return {"text": kind(row.kind), "kind": "late", "icon": "alert"}
    if row.kind != Kind.OUTAGE or row.starts_at is None or row.ends_at is None:
        return None
    if row.ends_at <= now:
        return {"text": _("Over"), "kind": None, "icon": "check"}
    if row.starts_at <= now:
        return {"text": _("Off now"), "kind": "late", "icon": icon(row)}
    return {"text": _("Planned outage"), "kind": "soon", "icon": "clock"}


def phase_chip(row: Any, now: datetime) -> dict[str, Any]:
    """Where a notice stands, for its writers."""
    found = rules.phase(row.status, row.shown_from, row.shown_until, now)
    return {"text": _(rules.STATUS_LABELS[found]), "kind": PHASE_KINDS[found], "icon": None}


def line(row: Any, now: datetime) -> dict[str, Any]:
    """A notice as one line of a list or a box on the home page."""
    return {
        "id": row.id,
        "title": row.title,
        "body": row.body,
        "icon": icon(row),
        "kind": row.kind,
        "chip": chip(row, now),
        "when": when(row, now),
        "where": where(row),
        "unread": not row.read,
        "at": row.published_at,
    }
