"""What the figures of reports mean and how they are worked out (tickets-rules 4, rules 30 to 36).

A figure is a statement about rows: closed clocks, resolved cycles, finished orders, closings, requests. `Sums` is what
was counted over the rows of one group; everything shown is worked out from it here, and what cannot be worked out is
None, never nought. Lengths are minutes: working ones without the pauses of their clock, and raw ones by the wall clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.tickets.rules.messages import gettext_noop

PROVISIONAL: Final = timedelta(days=30)
"""How long a not_fixed can still come; a row younger than this may yet be counted differently (24, 32, 35)."""


class Figure(StrEnum):
    """The figures, in the order in which they are read."""

    RESPOND = "respond"
    DISPATCH = "dispatch"
    ARRIVE = "arrive"
    RESTORE = "restore"
    MTTR = "mttr"
    TOTAL = "total"
    FIRST_TIME = "first_time"
    IN_VAIN = "in_vain"
    PROMISES = "promises"
    SATISFACTION = "satisfaction"
    REOPENED = "reopened"
    BY_DEFAULT = "by_default"
    FILED = "filed"
    DUPLICATES = "duplicates"
    REASSIGNED = "reassigned"
    OFFERS = "offers"


class Kind(StrEnum):
    """What a figure is: lengths of time, a part of a whole, so much for each, or a bare count."""

    TIME = "time"
    SHARE = "share"
    RATE = "rate"
    COUNT = "count"


KINDS: Final[dict[Figure, Kind]] = {
    Figure.RESPOND: Kind.TIME,
    Figure.DISPATCH: Kind.TIME,
    Figure.ARRIVE: Kind.TIME,
    Figure.RESTORE: Kind.TIME,
    Figure.MTTR: Kind.TIME,
    Figure.TOTAL: Kind.TIME,
    Figure.FIRST_TIME: Kind.SHARE,
    Figure.IN_VAIN: Kind.RATE,
    Figure.PROMISES: Kind.SHARE,
    Figure.SATISFACTION: Kind.SHARE,
    Figure.REOPENED: Kind.SHARE,
    Figure.BY_DEFAULT: Kind.SHARE,
    Figure.FILED: Kind.COUNT,
    Figure.DUPLICATES: Kind.SHARE,
    Figure.REASSIGNED: Kind.RATE,
    Figure.OFFERS: Kind.RATE,
}
OF_ORDERS: Final = frozenset(
    {Figure.DISPATCH, Figure.ARRIVE, Figure.FIRST_TIME, Figure.IN_VAIN, Figure.REASSIGNED, Figure.OFFERS}
)
"""Figures whose rows are work orders; the others' are requests, or cycles of them."""
WITHOUT_WORKING_TIME: Final = frozenset({Figure.TOTAL})
"""Times that are raw alone (30)."""
MAY_CHANGE: Final = frozenset({Figure.FIRST_TIME, Figure.PROMISES, Figure.REOPENED})
"""Figures that are provisional while a not_fixed may come."""

FIGURE_LABELS: Final[dict[Figure, str]] = {
    Figure.RESPOND: gettext_noop("First answer"),
    Figure.DISPATCH: gettext_noop("Assignment"),
    Figure.ARRIVE: gettext_noop("Arrival"),
    Figure.RESTORE: gettext_noop("Repair"),
    Figure.MTTR: gettext_noop("Mean time to repair"),
    Figure.TOTAL: gettext_noop("Whole request"),
    Figure.FIRST_TIME: gettext_noop("Fixed at the first visit"),
    Figure.IN_VAIN: gettext_noop("Trips in vain"),
    Figure.PROMISES: gettext_noop("Promises kept"),
    Figure.SATISFACTION: gettext_noop("Rated"),
    Figure.REOPENED: gettext_noop("Not fixed"),
    Figure.BY_DEFAULT: gettext_noop("Closed by default"),
    Figure.FILED: gettext_noop("Requests filed"),
    Figure.DUPLICATES: gettext_noop("Duplicates"),
    Figure.REASSIGNED: gettext_noop("Reassignments"),
    Figure.OFFERS: gettext_noop("Offers per acceptance"),
}
MEANINGS: Final[dict[Figure, str]] = {
    Figure.RESPOND: gettext_noop("From filing to the first act of a person."),
    Figure.DISPATCH: gettext_noop("The time an order had no holder, until work began."),
    Figure.ARRIVE: gettext_noop("From filing, or from being queued, until work began or somebody stood at the door."),
    Figure.RESTORE: gettext_noop("From filing, or from “not fixed”, until resolved; each cycle by itself."),
    Figure.MTTR: gettext_noop(
        "Repair times of requests that had a repair order; merged, rejected and withdrawn ones left out."
    ),
    Figure.TOTAL: gettext_noop("From filing until last resolved, by the wall clock."),
    Figure.FIRST_TIME: gettext_noop(
        "Finished orders with one visit that nobody called not fixed within 30 days. Rework does not count."
    ),
    Figure.IN_VAIN: gettext_noop("Somebody stood at the door and could not get in; for each finished order."),
    Figure.PROMISES: gettext_noop("Requests resolved by the time the reporter was told, and not called not fixed."),
    Figure.SATISFACTION: gettext_noop(
        "Rated ÷ asked: repairs whose reporter has an account. What closed by default counts as not rated."
    ),
    Figure.REOPENED: gettext_noop("Repairs the reporter, or staff, called not fixed."),
    Figure.BY_DEFAULT: gettext_noop("Closed after seven days without a word of the reporter."),
    Figure.FILED: gettext_noop("By the day of filing."),
    Figure.DUPLICATES: gettext_noop("Merged requests and those who joined one, of all who filed or joined."),
    Figure.REASSIGNED: gettext_noop("Given back or given to somebody else; for each finished order."),
    Figure.OFFERS: gettext_noop("Offers taken, declined or left unanswered, for each one taken."),
}


class By(StrEnum):
    """What figures are broken down by."""

    MONTH = "month"
    BUILDING = "building"
    TRADE = "trade"
    CREW = "crew"
    CATEGORY = "category"


BY_LABELS: Final[dict[By, str]] = {
    By.MONTH: gettext_noop("Month"),
    By.BUILDING: gettext_noop("Building"),
    By.TRADE: gettext_noop("Trade"),
    By.CREW: gettext_noop("Crew"),
    By.CATEGORY: gettext_noop("Category"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How long something took, in minutes. The quantiles lie between neighbours where need be; None: no row."""

    mean: float | None
    median: float | None
    p90: float | None


NO_LENGTHS: Final = Lengths(mean=None, median=None, p90=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What was counted over the rows of one figure in one group.

    `part` of `whole`: kept of judged (times), what the figure counts of its rows (shares), so many for so many
    (rates). `provisional` rows are younger than 30 days. `score` is the mean of the stars of what was rated.
    """

    rows: int = 0
    part: int = 0
    whole: int = 0
    provisional: int = 0
    excused: int = 0
    work: Lengths = NO_LENGTHS
    raw: Lengths = NO_LENGTHS
    score: float | None = None

    @property
    def ratio(self) -> float | None:
        """part ÷ whole; None where there is nothing to divide by."""
        return quotient(self.part, self.whole)


def quotient(part: float, whole: float) -> float | None:
    """part ÷ whole; None instead of a division by nothing, whatever the part is."""
    return part / whole if whole else None


def leading(figure: Figure, sums: Sums) -> float | None:
    """The one number a chart draws of a figure: mean of a time (working where there is one), ratio, or count."""
    kind = KINDS[figure]
    if kind is Kind.TIME:
        return (sums.raw if figure in WITHOUT_WORKING_TIME else sums.work).mean
    return float(sums.rows) if kind is Kind.COUNT else sums.ratio


class Age(StrEnum):
    """How old an open request is, in working dates after the day of filing (33)."""

    FRESH = "0-3"
    WEEK = "4-7"
    MONTH = "8-30"
    OLD = "31-"


AGE_ENDS: Final = ((Age.FRESH, 3), (Age.WEEK, 7), (Age.MONTH, 30))


def age(dates: int) -> Age:
    """The group of an age in working dates."""
    return next((group for group, last in AGE_ENDS if dates <= last), Age.OLD)


def eldest(today: date, worked: Iterable[date]) -> dict[Age, date]:
    """For each group but the last: the first day of filing that is still of it.

    `worked` are the dates with working time up to today, today first and descending, at least 31 of them where there
    are so many. What was filed on day d is as many working dates old as there are in (d, today].
    """
    found: dict[Age, date] = {}
    dates = [day for day in worked if day <= today]
    for group, last in AGE_ENDS:
        # at most `last` working dates lie after d: d is not before the (last + 1)-th of them
        found[group] = dates[last] if len(dates) > last else date.min
    return found


def weeks(planned: int, weekly: int) -> float | None:
    """Backlog in crew weeks: planned minutes of open orders ÷ minutes of the crew's shifts in a week."""
    return quotient(planned, weekly)
