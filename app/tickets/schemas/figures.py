"""What the API of the reports gives."""

from __future__ import annotations

from marshmallow import fields

from app.core import forms


class LengthsOut(forms.Schema):
    """Minutes; null where there is no row."""

    mean = fields.Float(allow_none=True)
    median = fields.Float(allow_none=True)
    p90 = fields.Float(allow_none=True)


class FigureOut(forms.Schema):
    """One figure: `part` of `whole`, their `ratio` (null instead of a division by nothing), and lengths of time."""

    figure = fields.String()
    kind = fields.String()
    rows = fields.Integer()
    part = fields.Integer()
    whole = fields.Integer()
    ratio = fields.Float(allow_none=True)
    provisional = fields.Integer()
    excused = fields.Integer()
    working_minutes = fields.Nested(LengthsOut)
    raw_minutes = fields.Nested(LengthsOut)
    stars = fields.Float(allow_none=True)


class GroupOut(forms.Schema):
    """One group of a breakdown: a month `2026-11`, or the id and name of a thing; `key` null: without one."""

    key = fields.String(allow_none=True)
    name = fields.String()
    figures = fields.List(fields.Nested(FigureOut))


class ReportOut(forms.Schema):
    """The figures of a report: in all, and by group."""

    first = fields.Date()
    last = fields.Date()
    by = fields.String()
    total = fields.List(fields.Nested(FigureOut))
    groups = fields.List(fields.Nested(GroupOut))


class RowOut(forms.Schema):
    """One row behind a figure."""

    ticket_id = forms.Id()
    number = fields.String()
    order_id = forms.Id(allow_none=True)
    order_number = fields.String(allow_none=True)
    cycle = fields.Integer()
    ended_at = forms.Moment()
    day = fields.Date()
    part = fields.Integer()
    whole = fields.Integer()
    working_minutes = fields.Integer(allow_none=True)
    raw_minutes = fields.Integer(allow_none=True)
    stars = fields.Float(allow_none=True)
    provisional = fields.Boolean()
    excused = fields.Boolean()
    details = fields.Dict(
        metadata={"description": "What the row is made of; which keys there are depends on the figure."}
    )


class RowsOut(forms.Schema):
    """A page of the rows."""

    items = fields.List(fields.Nested(RowOut))
    next = fields.String(allow_none=True)


class HeatLineOut(forms.Schema):
    """Requests filed in one building (`key` null: in none), by weekday, Monday first."""

    key = fields.String(allow_none=True)
    name = fields.String()
    weekdays = fields.List(fields.Integer())
    sum = fields.Integer()


class HeatOut(forms.Schema):
    """Requests filed by building and weekday of the campus, most first."""

    first = fields.Date()
    last = fields.Date()
    items = fields.List(fields.Nested(HeatLineOut))


class OpenOut(forms.Schema):
    """What is open: orders with their planned minutes, the crew's shift minutes a week, and requests by age.

    `crew_weeks` is planned ÷ weekly, null without shifts; `ages` counts requests by working days after filing.
    """

    orders = fields.Integer()
    planned_minutes = fields.Integer()
    weekly_shift_minutes = fields.Integer(allow_none=True)
    crew_weeks = fields.Float(allow_none=True)
    requests = fields.Integer()
    ages = fields.Dict(keys=fields.String(), values=fields.Integer())


class OpenGroupOut(OpenOut):
    """The same of one group; `key` null: without one."""

    key = fields.String(allow_none=True)
    name = fields.String()


class BacklogOut(forms.Schema):
    """Backlog and ageing: in all, and by group."""

    by = fields.String()
    total = fields.Nested(OpenOut)
    groups = fields.List(fields.Nested(OpenGroupOut))


class OpenRowOut(forms.Schema):
    """One open request or order; `age` of a request, in working days after the day of filing."""

    ticket_id = forms.Id()
    number = fields.String()
    order_id = forms.Id(allow_none=True)
    order_number = fields.String(allow_none=True)
    filed_at = forms.Moment()
    state = fields.String()
    planned_minutes = fields.Integer(allow_none=True)
    age = fields.String(allow_none=True)


class OpenRowsOut(forms.Schema):
    """A page of them, the eldest first."""

    items = fields.List(fields.Nested(OpenRowOut))
    next = fields.String(allow_none=True)
