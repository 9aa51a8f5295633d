"""`flask figures`: the kept rows that reports are read from, compared with the history, and made anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup

from app.core import clock
from app.core.actor import Actor
from app.core.commands import inside, of_institution
from app.core.transaction import steps, transaction
from app.tickets.queries import figure_check, figure_rows, figure_settled
from app.tickets.queries.figure_rows import Wanted
from app.tickets.services import settling

figures = AppGroup("figures", help="Figures of reports: check, rebuild.")
MONTH = timedelta(days=31)
WHOLE = 1095


@figures.command("check")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=WHOLE, show_default=True, help="So many days up to today."
)
@of_institution
def check(days: int, code: str | None) -> None:
    """Compare the kept rows with the history, month by month. Exit code 1 where they differ."""
    now, wrong = clock.now(), 0
    with inside(code) as here:
        zone = ZoneInfo(figure_settled.zone_here())
        today = now.astimezone(zone).date()
        for first, last in _months(today - timedelta(days=days - 1), today):
            with transaction():
                asked = figure_rows.ask(Actor.system(here), Wanted(first=first, last=last), now, zone)
                if not asked.settled:
                    raise click.ClickException("Reports are read from the history now: nothing is kept, or too little.")
                differing = {source: count for source, count in figure_check.differing(asked).items() if count}
            wrong += sum(differing.values())
            said = ", ".join(f"{source} {count}" for source, count in differing.items())
            click.echo(f"{first} to {last}: {said or 'the same'}")
    if wrong:
        raise click.ClickException(f"{wrong} rows differ. Make them anew: flask figures rebuild")


@figures.command("rebuild")
@of_institution
def rebuild(code: str | None) -> None:
    """Make all kept rows anew from the history; reports are right meanwhile, and slower."""
    with inside(code), steps() as step:
        settling.forget()
        step()
        told = None
        for until in settling.settle(clock.now()):
            step()
            if until.date() != told:
                told = until.date()
                click.echo(f"settled up to {told}")


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        end = min(first + MONTH, last)
        yield first, end
        first = end + timedelta(days=1)
