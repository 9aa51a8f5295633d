"""The day and one order, to look at."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, request

from app.core import clock
from app.core.http import current_actor, no_body, not_modified, policy
from app.tickets import device, order_words, policies
from app.tickets.crew import screens
from app.tickets.crew.entry import blueprint, order_row
from app.tickets.queries import crew_day, pool


@blueprint.get("")
@policy(policies.may_work)
def today() -> str:
    """The day: offers, what is in hand by building, what is done."""
    actor, now = current_actor(), clock.now()
    return _day("today.html", screens.day(actor, now), pooled=pool.count(actor, now), helped=screens.helped(actor, now))


@blueprint.get("/day")
@policy(policies.may_work)
def day() -> Any:
    """The same without its frame, asked for every few seconds: 204 or 304 where nothing has changed.

    `seen` is the stamp of what the page shows.
    """
    actor, now = current_actor(), clock.now()
    tag = screens.stamp(actor, now)
    if request.args.get("seen") == tag:
        return no_body()
    unchanged = not_modified(tag)
    if unchanged is not None:
        return unchanged
    answer = make_response(_day("_day.html", screens.day(actor, now)))
    answer.set_etag(tag)
    return answer


def _day(template: str, found: screens.Day, **more: Any) -> str:
    return render_template(
        f"tickets/crew/{template}", day=found, words=order_words, contact=device.contact(found.now), **more
    )


@blueprint.get("/<order_id>")
@policy(policies.may_work)
def order(order_id: str) -> Any:
    """One order: where, what, photos, the way so far, and what to do next."""
    actor, now = current_actor(), clock.now()
    return show(screens.screen(order_row(order_id), actor, now))


@blueprint.get("/<order_id>/news")
@policy(policies.may_work)
def news(order_id: str) -> Any:
    """A line that says what others did to the order since `seen` (a version); 204 where they did nothing."""
    row = order_row(order_id)
    if request.args.get("seen") == str(row.version):
        return no_body()
    return render_template("tickets/crew/_news.html", row=row, changed=change_of(row))


def change_of(row: Any) -> tuple[str, ...]:
    """What happened to the order last, and where it stands."""
    last = crew_day.last_change(row.id)
    said = (order_words.change(last),) if last is not None else ()
    return (*said, order_words.now_is(row.state))


def show(it: screens.OrderScreen, status: int = 200) -> Any:
    """The page of one order."""
    return render_template(
        "tickets/crew/order.html", it=it, screens=screens, words=order_words, contact=device.contact(it.now)
    ), status
