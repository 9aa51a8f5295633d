"""`flask figures`: the kept rows that reports are read from, compared with the history, and made anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup

from app.core import clock, institution
from app.core.actor import Actor
from app.core.db import institution_bound
from app.core.transaction import steps, transaction
from app.tickets.queries import figure_check, figure_rows, figure_settled
from app.tickets.queries.figure_rows import Wanted
from app.tickets.services import settling

figures = AppGroup("figures", help="Figures of reports: check, rebuild.")
_of = click.option("--institution", "code", metavar="CODE", help="Default: the only one.")
MONTH = timedelta(days=31)
WHOLE = 1095


@figures.command("check")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=WHOLE, show_default=True, help="So many days up to today."
)
@_of
def check(days: int, code: str | None) -> None:
    """Compare the kept rows with the history, month by month. Exit code 1 where they differ."""
    now, wrong = clock.now(), 0
    with _inside(code) as here:
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
@_of
def rebuild(code: str | None) -> None:
    """Make all kept rows anew from the history; reports are right meanwhile, and slower."""
    with _inside(code), steps() as step:
        settling.forget()
        step()
        told = None
        for until in settling.settle(clock.now()):
            step()
            if until.date() != told:
                told = until.date()
                click.echo(f"settled up to {told}")


@contextmanager
def _inside(code: str | None) -> Iterator[int]:
    facts = institution.by_code(code)
    if facts is None:
        known = ", ".join(each.code for each in institution.institutions()) or "none yet (flask institution create)"
        raise click.ClickException(f"Name the institution with --institution CODE; known: {known}.")
    with institution_bound(facts.id):
        yield facts.id


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        end = min(first + MONTH, last)
        yield first, end
        first = end + timedelta(days=1)
