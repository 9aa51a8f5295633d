"""Backlog and ageing (tickets-rules 33): on a page, listed, and as files."""

from __future__ import annotations

from typing import Any

from flask import render_template, send_file, url_for
from flask_babel import gettext as _

from app.core import charts, clock, i18n, tables, words
from app.core.errors import NotFound
from app.core.http import current_actor, policy
from app.tickets import order_words, policies
from app.tickets.queries import figures, open_rows, open_work
from app.tickets.queries.open_work import Open
from app.tickets.reports import asked, cells, made
from app.tickets.reports.entry import blueprint
from app.tickets.reports.pages import choices, format_of
from app.tickets.reports.rows import link, narrowed, sees_requests
from app.tickets.rules.figures import Age, By
from app.tickets.rules.states import TICKET_STAFF_LABELS, TicketStatus

Group = tuple[str | None, str, Open]
TONES = {Age.FRESH: "k-good", Age.WEEK: "k1", Age.MONTH: "k-soon", Age.OLD: "k-late"}


@blueprint.get("/backlog")
@policy(policies.may_read_reports)
def backlog() -> str:
    """What is open now against the shifts of the crews, and how old it is."""
    query = asked.now_open(asked.read(asked.OpenQuery()))
    total, groups = report(query)
    context = {
        "query": query,
        "kept": asked.kept(query, first=None, last=None),
        "cells": cells,
        "by": query["by"],
        "total": total,
        "groups": groups,
        "ages": list(Age),
        "age_label": age_label,
        "rows": lambda kind, key=None, all_of=False, age=None: _rows_of(query, kind, key, all_of, age),
        "chart": _chart(query["by"], groups),
        "choices": choices(query),
    }
    return render_template("tickets/reports/backlog.html", **context)


@blueprint.get("/backlog.<form>")
@policy(policies.may_read_reports)
def backlog_file(form: str) -> Any:
    """The same as a file."""
    kind = format_of(form)
    query = asked.now_open(asked.read(asked.OpenQuery()))
    total, groups = report(query)
    headings = [
        cells.by_label(query["by"]),
        _("Open orders"),
        _("Planned minutes"),
        _("Shift minutes a week"),
        _("Crew weeks"),
        _("Open requests"),
        *(age_label(age) for age in Age),
    ]
    lines = [_line(name, one) for _key, name, one in [(None, _("all"), total), *groups]]
    stream = tables.written(kind, headings, lines, _("Backlog"))
    name = f"backlog-{asked.today().isoformat()}.{form}"
    return send_file(stream, mimetype=tables.MIMETYPES[form], as_attachment=True, download_name=name)


@blueprint.get("/backlog/<kind>")
@policy(policies.may_read_reports)
def backlog_rows(kind: str) -> str:
    """The open orders or requests behind a number, the eldest first."""
    query, found = _listed(kind)
    kept = asked.kept(query, by=None, first=None, last=None)
    context = {
        "kind": kind,
        "kept": kept,
        "page": open_rows.page(kind, found, clock.now(), query["cursor"], query["limit"]),
        "address": url_for("reports.backlog_rows", kind=kind, **kept),
        "narrowed": narrowed(query, "reports.backlog_rows", kind=kind),
        "age": age_label(query["age"]) if query["age"] else None,
        "age_label": lambda code: age_label(Age(code)),
        "link": link,
        "made": made,
        "said": words.text,
        "state": state,
        "reads": sees_requests(current_actor()),
    }
    return render_template("tickets/reports/backlog_rows.html", **context)


@blueprint.get("/backlog/<kind>.<form>")
@policy(policies.may_read_reports)
def backlog_rows_file(kind: str, form: str) -> Any:
    """All of them as a file, written as they are read."""
    format_ = format_of(form)
    _query, found = _listed(kind)
    headings = [
        _("Request"),
        _("Order"),
        _("Filed"),
        _("Place"),
        _("Category"),
        _("Trade"),
        _("Crew"),
        _("State"),
        _("Planned minutes"),
        _("Working days old"),
    ]
    lines = (_row(each) for each in open_rows.stream(kind, found, clock.now()))
    stream = tables.written(format_, headings, lines, _("Backlog"))
    name = f"backlog-{kind}-{asked.today().isoformat()}.{form}"
    return send_file(stream, mimetype=tables.MIMETYPES[form], as_attachment=True, download_name=name)


def age_label(age: Age) -> str:
    """An age in words."""
    words_of = {
        Age.FRESH: _("0 to 3 working days"),
        Age.WEEK: _("4 to 7 working days"),
        Age.MONTH: _("8 to 30 working days"),
        Age.OLD: _("more than 30 working days"),
    }
    return str(words_of[age])


def state(row: Any) -> str:
    """How an order, or a request, stands."""
    return order_words.state(row.state) if row.order_id else str(_(TICKET_STAFF_LABELS[TicketStatus(row.status)]))


def report(query: dict[str, Any]) -> tuple[Open, list[Group]]:
    """What is open now, in all and by group with its name."""
    by = query["by"]
    total, found = open_work.summed(asked.asked(query, ended=False), by, clock.now())
    named = figures.names(by, list(found))
    groups = [(key, cells.group_name(by, key, named), one) for key, one in found.items()]
    return total, sorted(groups, key=lambda one: (one[0] is None, one[1]))


def _listed(kind: str) -> tuple[dict[str, Any], Any]:
    if kind not in open_rows.KINDS:
        raise NotFound
    query = asked.now_open(asked.read(asked.OpenQuery()))
    return query, asked.asked(query, ended=False)


def _rows_of(query: dict[str, Any], kind: str, key: str | None, all_of: bool, age: Age | None) -> str:
    """The address of the rows behind a number."""
    narrowed_to = query if all_of else asked.of_group(query, query["by"], key)
    kept = asked.kept({**narrowed_to, "age": age}, by=None, first=None, last=None)
    return url_for("reports.backlog_rows", kind=kind, **kept)


def _line(name: str, one: Open) -> list[tables.Cell]:
    return [
        name,
        one.orders,
        one.planned,
        one.weekly,
        None if one.weeks is None else round(one.weeks, 2),
        sum(one.ages.values()),
        *(one.ages.get(age, 0) for age in Age),
    ]


def _row(found: Any) -> list[tables.Cell]:
    locale = i18n.locale()
    return [
        found.number,
        found.order_number,
        made.plain_moment(found, found.ended),
        found.place or found.place_text,
        words.text(found.category, locale),
        words.text(found.trade, locale) if found.trade else None,
        words.text(found.crew, locale) if found.crew else None,
        state(found),
        found.planned_minutes,
        age_label(Age(found.age)) if found.age else None,
    ]


def _chart(by: By, groups: list[Group]) -> charts.Figure | None:
    """Open requests of each group by age; None where nothing is open."""
    shown = [(name, one) for _key, name, one in groups if one.ages]
    if not shown:
        return None
    frame = charts.Frame(
        id="ageing",
        title=_("Open requests by age"),
        desc=_("How many requests are open, by working days after the day of filing."),
        across=cells.by_label(by),
        unit=_("Requests"),
    )
    series = [
        charts.Series(age_label(age), [float(one.ages.get(age, 0)) for _name, one in shown], TONES[age]) for age in Age
    ]
    return charts.stacked(frame, [name for name, _one in shown], series)
