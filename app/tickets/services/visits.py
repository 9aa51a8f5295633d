"""The windows a reporter may choose for a visit: the institution's hours, and when an order for one is queued."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from app.core import settings
from app.core.errors import Rejected
from app.core.i18n import DEFAULT_ZONE, iso
from app.events.tickets.visits import VisitNear
from app.tickets.rules import visits as rules
from app.tickets.rules.visits import Hours, Window

if TYPE_CHECKING:
    from app.tickets.services.case import Case

FIRST = settings.declare(
    "visits.first_hour", 8, kind=int, low=0, high=23, words=_l("First hour of visit windows"), below="visits.last_hour"
)
LAST = settings.declare("visits.last_hour", 21, kind=int, low=1, high=24, words=_l("Last hour of visit windows"))
STEP = settings.declare(
    "visits.step", 120, kind=int, low=15, high=720, unit="min", words=_l("Length of a visit window")
)
LEAD = settings.declare(
    "visits.lead", 120, kind=int, low=0, high=10_080, unit="min", words=_l("How long ahead a visit window has to begin")
)
DAYS = settings.declare("visits.days", 7, kind=int, low=1, high=60, words=_l("Days ahead visit windows are offered"))
QUEUED_BEFORE = settings.declare(
    "visits.queued_before",
    120,
    kind=int,
    low=0,
    high=10_080,
    unit="min",
    words=_l("How long before a visit window its order is offered"),
)


def hours() -> Hours:
    """What the institution offers."""
    return Hours(
        first=settings.get(FIRST),
        last=settings.get(LAST),
        step=settings.get(STEP),
        lead=settings.get(LEAD),
        days=settings.get(DAYS),
    )


def check(window: Window, *, emergency: bool, zone_name: str | None, now: datetime) -> None:
    """Raises Rejected (`visit_window`) for a window that is not offered."""
    if emergency:
        raise Rejected(fields={"visit_window": _l(rules.NOT_FOR_EMERGENCIES)})
    refused = rules.refused(window, now, ZoneInfo(zone_name or DEFAULT_ZONE), hours())
    if refused is not None:
        raise Rejected(fields={"visit_window": _l(refused)})


def is_near(start: datetime | None, now: datetime) -> bool:
    """Whether an order for a window that begins then may be queued."""
    return start is None or rules.near(start, now, settings.get(QUEUED_BEFORE))


def wait_for(case: Case, order_id: int) -> None:
    """The order is queued by itself when the window of its ticket comes near; again for the same window is nothing."""
    start = case.ticket.visit_from or case.now
    case.tell(VisitNear(order_id), key=f"visit:{order_id}:{iso(start)}", due=max(near_from(start), case.now))


def near_from(start: datetime) -> datetime:
    """The instant from which an order for a window that begins then is queued."""
    return start - timedelta(minutes=settings.get(QUEUED_BEFORE))
