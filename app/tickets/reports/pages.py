"""The figures on a page, and as files."""

from __future__ import annotations

from typing import Any, cast

from flask import render_template, send_file, url_for
from flask_babel import gettext as _

from app.accounts.queries import details
from app.core import clock, i18n, tables
from app.core.errors import NotFound
from app.core.http import policy
from app.tickets import order_words, policies
from app.tickets.queries import catalogue, figures, narrowing
from app.tickets.reports import asked, cells, drawn
from app.tickets.reports.cells import Line
from app.tickets.reports.entry import blueprint
from app.tickets.rules.figures import By, Figure, Kind, Sums


@blueprint.get("")
@policy(policies.may_read_reports)
def index() -> str:
    """Every figure of the days and things asked for, and one of them broken down."""
    query = asked.read(asked.FigureQuery())
    figure, by = query["figure"], query["by"]
    narrowed = asked.asked(query)
    report = figures.report(narrowed, None)
    groups = [line for line in _groups(figures.one(figure, narrowed, by), by) if line.figure is figure]
    context = {
        "query": query,
        "kept": asked.kept(query),
        "cells": cells,
        "times": [line for line in cells.totals(report) if line.kind is Kind.TIME],
        "others": [line for line in cells.totals(report) if line.kind is not Kind.TIME],
        "figure": figure,
        "by": by,
        "groups": [(line, url_of(query, line, by)) for line in groups],
        "address": lambda line, **more: url_of(query, line, None, **more),
        "chart": drawn.breakdown(figure, by, groups),
        "choices": choices(query),
    }
    return render_template("tickets/reports/figures.html", **context)


@blueprint.get("/figures.<form>")
@policy(policies.may_read_reports)
def figures_file(form: str) -> Any:
    """Every figure as a file: in all, then by group."""
    kind = format_of(form)
    query = asked.read(asked.FigureQuery())
    by = query["by"]
    report = figures.report(asked.asked(query), by)
    lines = [Line(line.figure, line.sums, None, _("all")) for line in cells.totals(report)]
    lines += _groups(report, by)
    stream = tables.written(kind, cells.headings(by), (cells.row(line, by) for line in lines), _("Figures"))
    name = f"figures-{query['first'].isoformat()}-{query['last'].isoformat()}.{form}"
    return send_file(stream, mimetype=tables.MIMETYPES[form], as_attachment=True, download_name=name)


def format_of(form: str) -> tables.Format:
    """The kind of file an address names. Raises NotFound."""
    if form not in tables.MIMETYPES:
        raise NotFound
    return cast(tables.Format, form)


def _groups(report: figures.Report, by: By) -> list[Line]:
    """Every figure of every group, figure by figure."""
    groups = cells.grouped(report, by, figures.names(by, list(report.groups)))
    return [Line(figure, sums.get(figure, Sums()), key, name) for figure in Figure for key, name, sums in groups]


def url_of(query: dict[str, Any], line: Line, by: By | None, **more: Any) -> str:
    """The address of the rows behind a figure, of one group where there is one."""
    narrowed = asked.of_group(query, by, line.key) if by else query
    return url_for("reports.rows", figure=line.figure.value, **asked.kept(narrowed, by=None, figure=None, **more))


def choices(query: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What the filters offer; buildings of the chosen campus only."""
    today = clock.now().astimezone(i18n.zone()).date()
    places, inside = narrowing.campuses_and_buildings(), query["campus"]
    return {
        "campus": [{"value": row.id, "label": row.name} for row in places if row.kind == "campus"],
        "building": [
            {"value": row.id, "label": row.name}
            for row in places
            if row.kind == "building" and inside in (None, row.campus_id)
        ],
        "trade": [{"value": row.id, "label": order_words.said(row.name)} for row in catalogue.trades(today)],
        "crew": [{"value": row.id, "label": order_words.said(row.name)} for row in details.crews(today).items],
        "category": list(_branches(catalogue.tree(today), "")),
        "figure": [{"value": each.value, "label": cells.label(each)} for each in Figure],
        "by": [{"value": each.value, "label": cells.by_label(each)} for each in By],
    }


def _branches(branches: list[catalogue.Branch], above: str) -> Any:
    """The tree of categories as one list, each with the way to it."""
    for branch in branches:
        label = f"{above}{order_words.said(branch.name)}"
        yield {"value": branch.id, "label": label}
        yield from _branches(branch.children, f"{label} · ")
