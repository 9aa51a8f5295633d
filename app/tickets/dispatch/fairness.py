"""The fairness report: who was asked, who worked, against the hours on shift; page, chart and files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, fields, validate

from app.accounts.queries import details
from app.core import charts, clock, forms, i18n, tables
from app.core.errors import NotFound
from app.core.forms import Day
from app.core.http import current_actor, policy
from app.tickets import order_words, policies
from app.tickets.dispatch.technicians import blueprint
from app.tickets.queries import fairness as queries
from app.tickets.queries import technicians
from app.tickets.rules import fairness as rules
from app.tickets.rules.fairness import Tally
from app.tickets.rules.workflow import OrderAct

LONGEST = 26  # weeks
PEOPLE = 200
USUAL = 4


class FairnessQuery(forms.Schema):
    """Which weeks (any day of the first one), which crew."""

    since = Day(load_default=None)
    weeks = fields.Integer(
        load_default=USUAL,
        validate=validate.Range(1, LONGEST, error=_l("Give a number of weeks from 1 to 26.")),
        error_messages={"invalid": _l("Give a number.")},
    )
    crew = forms.Id(load_default=None)
    by = forms.Text(
        load_default="person",
        validate=validate.OneOf(("person", "week"), error=_l("Choose one of the offered values.")),
    )

    class Meta:
        unknown = EXCLUDE


@dataclass(frozen=True, slots=True)
class Report:
    """The tallies of the people who are planned here, week by week and summed."""

    first: date
    weeks: int
    crew: int | None
    names: dict[int, str]
    by_week: list[Tally]
    sums: list[Tally]
    shares: dict[int, float | None]
    today: date
    by: str = "person"

    @property
    def lines(self) -> list[tuple[Tally, float | None]]:
        """What the page shows, with the shares: a person in all weeks, or those weeks in which there was anything."""
        if self.by == "person":
            return [(one, self.shares[one.person_id]) for one in self.sums]
        shares = rules.shares_by_week(self.by_week)
        return [(one, shares[one.person_id, one.week]) for one in self.by_week if one.anything]

    @property
    def until(self) -> date:
        """The last day."""
        return self.first + timedelta(days=7 * self.weeks - 1)

    @property
    def goes_on(self) -> bool:
        """Whether some of its hours are still to come, and therefore do not count yet."""
        return self.until >= self.today


@blueprint.get("/fairness")
@policy(policies.may_edit_crews)
def fairness() -> str:
    """Who was asked, who worked, against the hours on shift."""
    report = _report()
    query: dict[str, Any] = {"since": report.first.isoformat(), "weeks": report.weeks, "crew": report.crew}
    views = [("person", _("By person")), ("week", _("By person and week"))]
    context = {
        "report": report,
        "views": [
            {
                "label": label,
                "url": url_for("technicians.fairness", **query, by=None if by == "person" else by),
                "current": report.by == by,
            }
            for by, label in views
        ],
        "chart": _chart(report),
        "query": query,
        "crews": [
            {"value": row.id, "label": order_words.said(row.name)}
            for row in details.crews(clock.now().astimezone(i18n.zone()).date()).items
        ],
        "declines": declines,
    }
    return render_template("tickets/dispatch/fairness.html", **context)


@blueprint.get("/fairness.<form>")
@policy(policies.may_edit_crews)
def fairness_file(form: str) -> Any:
    """The same, a row per person and week, as a file."""
    if form not in tables.MIMETYPES:
        raise NotFound
    report = _report()
    kind = cast(tables.Format, form)
    shares = rules.shares_by_week(report.by_week)
    rows = [_row(report, one, shares[one.person_id, one.week]) for one in report.by_week]
    stream = tables.written(kind, _headings(), rows, _("Fairness"))
    name = f"fairness-{report.first.isoformat()}.{form}"
    return send_file(stream, mimetype=tables.MIMETYPES[form], as_attachment=True, download_name=name)


def _report() -> Report:
    asked = forms.load(FairnessQuery(), {name: value for name, value in request.args.items() if value != ""})
    now, weeks = clock.now(), asked["weeks"]
    first = rules.monday(asked["since"] or _today(now) - timedelta(days=7 * (weeks - 1)))
    people = dict(technicians.names(current_actor(), now, asked["crew"], PEOPLE))
    zone = cast(ZoneInfo, i18n.zone())
    found = queries.tallies(list(people), first, weeks, zone, now)
    sums = rules.summed(found)
    return Report(first, weeks, asked["crew"], people, found, sums, rules.shares(sums), _today(now), asked["by"])


def _today(now: datetime) -> date:
    return now.astimezone(i18n.zone()).date()


def _chart(report: Report) -> charts.Figure | None:
    """Share of the work against share of the shift hours, the most loaded first; None where nothing can be compared."""
    compared = [(report.names[person_id], share) for person_id, share in report.shares.items() if share is not None]
    if not compared:
        return None
    frame = charts.Frame(
        id="fairness",
        title=_("Share of the work against share of the shift hours"),
        desc=_("1 means as much of the work as of the hours; 2 twice as much."),
        across=_("Technician"),
        unit=_("Share"),
        show=lambda value: i18n.format_number(value, 2),
    )
    compared.sort(key=lambda one: (-one[1], one[0]))
    return charts.ranks(frame, [(name, share, "k2" if share > 1.5 else "k1") for name, share in compared])


def declines(tally: Tally) -> str:
    """Declines by reason, as one line."""
    said = [f"{order_words.reason(OrderAct.DECLINE, code)} {times}" for code, times in sorted(tally.declined.items())]
    return i18n.listed(said)


def _headings() -> list[str]:
    return [
        _("Technician"),
        _("Week from"),
        _("Shift hours"),
        _("On-call hours"),
        _("Offers"),
        _("Offers taken"),
        _("Declined"),
        _("Reasons"),
        _("Not answered"),
        _("Taken from the pool"),
        _("Finished orders"),
        _("Planned minutes of them"),
        _("Emergencies"),
        _("Share"),
    ]


def _row(report: Report, one: Tally, share: float | None) -> list[tables.Cell]:
    return [
        report.names[one.person_id],
        "" if one.week is None else one.week.isoformat(),
        round(one.shift_minutes / 60, 2),
        round(one.on_call_minutes / 60, 2),
        one.offers,
        one.accepted,
        one.refused,
        declines(one),
        one.expired,
        one.grabbed,
        one.done,
        one.minutes_done,
        one.emergencies,
        share,
    ]
