"""Reading inboxes, choices, the delivery log and the kept mail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Select, and_, func, select

from app.accounts.models import Person
from app.core import paging
from app.core.db import db
from app.core.prepared import Count, Reading, number, value
from app.notifications.models import KeptMail, Notification, NotificationDelivery, NotificationPreference

_KEPT: tuple[Any, ...] = (
    KeptMail.id,
    KeptMail.subject,
    KeptMail.to_name,
    KeptMail.to_address,
    KeptMail.lang,
    KeptMail.at,
)
_LOGGED: tuple[Any, ...] = (
    NotificationDelivery.id,
    NotificationDelivery.address,
    NotificationDelivery.state,
    NotificationDelivery.attempts,
    NotificationDelivery.error,
    NotificationDelivery.at,
    NotificationDelivery.ended_at,
    Notification.kind,
)

COUNTED = 100  # unread lines are counted up to here; a badge says 99+


def inbox(person_id: int, cursor: str | None, limit: int = 50, *, unread: bool = False) -> paging.Page[Notification]:
    """Somebody's own lines, newest first."""
    query = select(Notification).where(Notification.person_id == person_id)
    if unread:
        query = query.where(Notification.read_at.is_(None))
    return paging.page(query, [("id", Notification.id.desc())], cursor, limit, scalars=True)


def unread(person_id: int) -> int:
    """How many lines somebody has not seen, at most COUNTED."""
    found: int = _UNREAD.one({"inbox_of": person_id})[0]
    return found


def _unread() -> Select[int]:
    mine = and_(Notification.person_id == value("inbox_of", BigInteger), Notification.read_at.is_(None))
    return select(func.count()).select_from(select(Notification.id).where(mine).limit(number(COUNTED)).subquery())


_UNREAD = Reading(_unread)
UNREAD = Count(_unread, lambda actor: {"inbox_of": actor.id})


def choices(person_ids: Iterable[int], kind: str, channel: str) -> dict[int, bool]:
    """Who chose what for one kind; people without a choice are absent."""
    rows = db.session.execute(
        select(NotificationPreference.person_id, NotificationPreference.wanted).where(
            NotificationPreference.person_id.in_(list(person_ids)),
            NotificationPreference.kind == kind,
            NotificationPreference.channel == channel,
        )
    )
    return {row.person_id: row.wanted for row in rows}


def chosen(person_id: int, channel: str) -> dict[str, bool]:
    """Somebody's choices by kind."""
    rows = db.session.execute(
        select(NotificationPreference.kind, NotificationPreference.wanted).where(
            NotificationPreference.person_id == person_id, NotificationPreference.channel == channel
        )
    )
    return {row.kind: row.wanted for row in rows}


def outgoing(notification_id: int) -> Any:
    """What is needed to send one notification: the line, its receiver, and the state of its delivery; None if gone."""
    return db.session.execute(
        select(
            Notification.id,
            Notification.kind,
            Notification.data,
            Notification.link,
            Notification.created_at,
            NotificationDelivery.state,
            Person.name,
            Person.email,
            Person.locale,
        )
        .join(
            NotificationDelivery,
            and_(
                NotificationDelivery.institution_id == Notification.institution_id,
                NotificationDelivery.notification_id == Notification.id,
                NotificationDelivery.channel == "email",
            ),
        )
        .join(Person, and_(Person.institution_id == Notification.institution_id, Person.id == Notification.person_id))
        .where(Notification.id == notification_id)
    ).first()


def kept(cursor: str | None, limit: int = 50) -> paging.Page[Any]:
    """The sink, newest first, without the bodies."""
    return paging.page(select(*_KEPT), [("id", KeptMail.id.desc())], cursor, limit)


def kept_mail(mail_id: int) -> KeptMail | None:
    """One mail of the sink."""
    return db.session.scalars(select(KeptMail).where(KeptMail.id == mail_id)).first()


def log(cursor: str | None, limit: int = 50) -> paging.Page[Any]:
    """The delivery log, newest first."""
    query = select(*_LOGGED).join(
        Notification,
        and_(
            Notification.institution_id == NotificationDelivery.institution_id,
            Notification.id == NotificationDelivery.notification_id,
        ),
    )
    return paging.page(query, [("id", NotificationDelivery.id.desc())], cursor, limit)
