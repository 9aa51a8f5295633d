"""The portal's own reactions: administrators hear of work that was given up, people of notices, timers come true."""

from __future__ import annotations

from datetime import datetime

from app.core import clock, housekeeping
from app.core.actor import Actor
from app.core.deliveries import Lease
from app.core.transaction import steps
from app.events.notices import NoticeOver, NoticePublished
from app.events.operations import HousekeepingDue, OperationsWatched
from app.notifications import services as notifications
from app.portal.queries import notices as notice_queries
from app.portal.queries import operations as queries
from app.portal.queries import readers
from app.portal.services import notices as notice_services
from app.sites import queries as sites

TOLD_AT_ONCE = 500


def watch(event: OperationsWatched, actor: Actor, now: datetime) -> None:
    """Tell everybody who may mend it, once for each delivery that is the newest of those given up."""
    newest, count = queries.newest_parked()
    if newest is None:
        return
    notifications.notify(
        queries.menders(now),
        "deliveries-parked",
        {"count": count},
        "/operations/parked",
        now,
        key=f"parked:{newest}",
    )


def tidy(event: HousekeepingDue, lease: Lease) -> None:
    """Batch by batch, each a transaction of its own."""
    with steps() as step:
        for _gone in housekeeping.batches(clock.now()):
            lease.renew()
            step()


def tell_readers(event: NoticePublished, lease: Lease) -> None:
    """Put a notice into the inbox of everybody it concerns, some hundred people at a time, each once per version."""
    now = clock.now()
    with steps() as step:
        notice = notice_queries.to_tell(event.notice_id, event.version)
        if notice is None:
            return
        places, today = notice_queries.place_ids(notice.id), sites.today(now)
        data = {"title": notice.title, "body": notice.body, "starts": notice.starts_at, "until": notice.ends_at}
        plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in data.items()}
        after = 0
        while found := readers.some(places, notice.roles, today, after=after, limit=TOLD_AT_ONCE):
            lease.renew()
            notifications.notify(
                found,
                f"notice-{notice.kind}",
                {name: value for name, value in plain.items() if value},
                f"/notices/{notice.id}",
                now,
                key=f"notice:{event.notice_id}:{event.version}",
            )
            after = found[-1]
            step()


def end_notice(event: NoticeOver, actor: Actor, now: datetime) -> None:
    """Its time is over, unless it was given more meanwhile."""
    notice_services.end_if_over(event.notice_id, actor=actor, now=now)
