"""What a report is asked for: days, what it is narrowed to, and what it is broken down by."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, ValidationError, fields, validate, validates_schema

from app.core import clock, forms, i18n
from app.core.http import current_actor
from app.tickets.queries import figure_rows
from app.tickets.queries.figure_rows import NONE, Asked, Wanted
from app.tickets.rules.figures import Age, By, Figure

USUAL_MONTHS = 3
NOBODY = "none"
FILTERS = ("campus", "building", "trade", "crew", "category")
_OFFERED = _l("Choose one of the offered values.")


class Day(forms.Day):
    """A day `2026-11-18`, or a month `2026-11`: its first day, with `end` its last."""

    def __init__(self, *, end: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.end = end

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        said = str(value).strip()
        whole_month = len(said) == 7
        day = super()._deserialize(f"{said}-01" if whole_month else said, attr, data, **options)
        return day.replace(day=monthrange(day.year, day.month)[1]) if whole_month and self.end else day


class IdOrNone(forms.Id):
    """An id, or `none`: what has none of them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        return NONE if value == NOBODY else super()._deserialize(value, attr, data, **options)


class ReportQuery(forms.Schema):
    """The filters of a report: `first` and `last` are days or months, both inclusive; ids, or `none`."""

    first = Day(load_default=None, metadata={"type": "string", "description": "Day or month, inclusive."})
    last = Day(load_default=None, end=True, metadata={"type": "string", "description": "Day or month, inclusive."})
    campus = IdOrNone(load_default=None)
    building = IdOrNone(load_default=None)
    trade = IdOrNone(load_default=None)
    crew = IdOrNone(load_default=None)
    category = forms.Id(load_default=None)
    alone = fields.Boolean(load_default=False, metadata={"description": "The category alone, without those below it."})
    by = fields.Enum(By, by_value=True, load_default=By.MONTH, error_messages={"unknown": _OFFERED})

    class Meta:
        unknown = EXCLUDE

    @validates_schema
    def _in_order(self, data: dict[str, Any], **options: Any) -> None:
        forms.check_period(data.get("first"), data.get("last"))


class FigureQuery(ReportQuery):
    """A report with the figure that is drawn."""

    figure = fields.Enum(Figure, by_value=True, load_default=Figure.RESTORE, error_messages={"unknown": _OFFERED})


class RowsQuery(ReportQuery):
    """The rows behind a figure; `hit`: those that count (`yes`) or do not; `weekday` 0 is Monday."""

    hit = forms.Text(load_default=None, validate=validate.OneOf(("yes", "no"), error=_OFFERED))
    weekday = fields.Integer(
        load_default=None, validate=validate.Range(0, 6, error=_OFFERED), error_messages={"invalid": _OFFERED}
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100), strict=False)
    cursor = forms.Text(max=2000, load_default=None)


class OpenQuery(ReportQuery):
    """What is open now, without days; `age` and the list where one group's requests or orders are listed."""

    by = fields.Enum(By, by_value=True, load_default=By.CREW, error_messages={"unknown": _OFFERED})
    age = fields.Enum(Age, by_value=True, load_default=None, error_messages={"unknown": _OFFERED})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100), strict=False)
    cursor = forms.Text(max=2000, load_default=None)

    @validates_schema
    def _no_months(self, data: dict[str, Any], **options: Any) -> None:
        if data.get("by") is By.MONTH:
            raise ValidationError(_OFFERED, "by")


def read(schema: forms.Schema) -> dict[str, Any]:
    """The address as the schema reads it, blank filters as not given. Raises Rejected."""
    return within(forms.load(schema, {name: value for name, value in request.args.items() if value != ""}))


def within(query: dict[str, Any]) -> dict[str, Any]:
    """The query with both its days: what is left open is today, and the beginning of the month two months before."""
    last = query["last"] or max(today(), query["first"] or today())
    last = min(last, (query["first"] or last) + forms.LONGEST_PERIOD)
    return {**query, "last": last, "first": query["first"] or _months_before(last, USUAL_MONTHS - 1)}


def _months_before(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def today() -> date:
    """The day here and now."""
    return clock.now().astimezone(i18n.zone()).date()


def now_open(query: dict[str, Any]) -> dict[str, Any]:
    """The query of what is open: its days are today."""
    return {**query, "first": today(), "last": today()}


def wanted(query: dict[str, Any]) -> Wanted:
    """The filters as the queries take them."""
    return Wanted(
        first=query["first"],
        last=query["last"],
        weekday=query.get("weekday"),
        alone=query["alone"],
        **{name: query[name] for name in FILTERS},
    )


def asked(query: dict[str, Any], *, ended: bool = True) -> Asked:
    """What the queries need: the filters, and what the reader may see; not `ended`: of what is open now."""
    zone = cast(ZoneInfo, i18n.zone())
    found = figure_rows.ask(current_actor(), wanted(query), clock.now(), zone, ended=ended)
    if query.get("age") is not None:
        found.values["age"] = query["age"].value
    return found


def kept(query: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The filters as parameters of another address, some of them changed; what is not set is left out."""
    found: dict[str, Any] = {"first": query["first"].isoformat(), "last": query["last"].isoformat()}
    found |= {name: NOBODY if query[name] == NONE else query[name] for name in FILTERS}
    found |= {name: query[name].value for name in ("by", "figure") if name in query and name not in changed}
    found |= {name: query[name] for name in ("hit", "weekday") if query.get(name) is not None}
    found |= {"alone": "1"} if query["alone"] and query["category"] is not None else {}
    found |= {"age": query["age"].value} if query.get("age") is not None else {}
    found |= changed
    return {name: value for name, value in found.items() if value is not None}


def of_group(query: dict[str, Any], by: By, key: str | None) -> dict[str, Any]:
    """The query narrowed to one group of a breakdown, so that its rows are those of the group."""
    if by is By.MONTH and key is not None:
        first = date.fromisoformat(f"{key}-01")
        last = first.replace(day=monthrange(first.year, first.month)[1])
        return {**query, "first": max(first, query["first"]), "last": min(last, query["last"])}
    return {**query, by.value: NONE if key is None else int(key), "alone": query["alone"] or by is By.CATEGORY}
