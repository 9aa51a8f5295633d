"""People hear of notices that press; a notice ends when its time is over."""

from __future__ import annotations

from datetime import datetime

from app.core import clock
from app.core.actor import Actor
from app.core.deliveries import Lease
from app.core.transaction import steps
from app.events.notices import NoticeOver, NoticePublished
from app.notifications import services as notifications
from app.portal.queries import notices as queries
from app.portal.queries import readers
from app.portal.services import notices as services
from app.sites import queries as sites

TOLD_AT_ONCE = 500


def tell_readers(event: NoticePublished, lease: Lease) -> None:
    """Put a notice into the inbox of everybody it concerns, some hundred people at a time, each once per version."""
    now = clock.now()
    with steps() as step:
        notice = queries.to_tell(event.notice_id, event.version, now)
        if notice is None:
            return
        places, today = queries.place_ids(notice.id), sites.today(now)
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
    services.end_if_over(event.notice_id, actor=actor, now=now)
