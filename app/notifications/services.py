"""Telling people, and what they do with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person
from app.core import outbox
from app.core.db import current_institution, db
from app.core.errors import NotFound, Rejected
from app.core.held import held
from app.core.seen import Seen
from app.events.notifications import MailDue
from app.notifications import queries
from app.notifications.models import KeptMail, Notification, NotificationDelivery, NotificationPreference
from app.notifications.rules import addresses, kinds

EMAIL = "email"


def notify(
    person_ids: Iterable[int | None],
    kind: str,
    data: Mapping[str, Any],
    link: str | None,
    now: datetime,
    *,
    key: str,
) -> int:
    """Put a line into the inbox of each person and order mail for those who get it; returns how many were told.

    `key` names the cause (`ticket:12:closed:1`): whoever was told of it is not told again, so a handler that runs
    twice tells once. None among the ids is passed over.
    """
    wanted = kinds.BY_CODE[kind]
    people = sorted({each for each in person_ids if each is not None})
    if not people:
        return 0
    rows = db.session.execute(
        insert(Notification)
        .values(
            [
                {
                    "institution_id": current_institution(),
                    "person_id": person_id,
                    "kind": wanted.code,
                    "data": dict(data),
                    "link": link,
                    "key": key,
                    "created_at": now,
                }
                for person_id in people
            ]
        )
        .on_conflict_do_nothing(constraint="uq_notification_key")
        .returning(Notification.id, Notification.person_id)
    ).all()
    _order_mail({row.person_id: row.id for row in rows}, wanted, now)
    return len(rows)


def _order_mail(told: Mapping[int, int], kind: kinds.Kind, now: datetime) -> None:
    if not told:
        return
    choices = queries.choices(told, kind.code, EMAIL)
    for person in db.session.execute(select(Person.id, Person.email).where(Person.id.in_(list(told)))):
        chosen = kind.demanded or choices.get(person.id, kind.mail)
        if not chosen or not person.email:
            continue
        notification_id = told[person.id]
        db.session.add(
            NotificationDelivery(
                notification_id=notification_id,
                channel=EMAIL,
                address=addresses.masked(person.email),
                state="waiting",
                attempts=0,
                at=now,
            )
        )
        outbox.publish(MailDue(notification_id), key=f"mail:{notification_id}")


def mark_read(person_id: int, notification_id: int, now: datetime) -> Notification:
    """Note that somebody has seen a line of the own inbox; raises NotFound for anybody else's."""
    found = db.session.scalars(
        select(Notification).where(Notification.id == notification_id, Notification.person_id == person_id)
    ).first()
    if found is None:
        raise NotFound
    if found.read_at is None:
        found.read_at = now
    return found


def mark_all_read(person_id: int, now: datetime, *, up_to: int) -> int:
    """Note that all lines up to the newest one shown are seen; a line that came meanwhile stays new."""
    rows = db.session.execute(
        update(Notification)
        .where(Notification.person_id == person_id, Notification.read_at.is_(None), Notification.id <= up_to)
        .values(read_at=now)
        .returning(Notification.id)
    ).all()
    return len(rows)


def no_longer_asks(person_id: int, link: str, now: datetime, *, kind: str | None = None) -> None:
    """What a line asked for is done or over: the person's new lines that lead to `link` count as seen."""
    conditions = [Notification.person_id == person_id, Notification.read_at.is_(None), Notification.link == link]
    if kind is not None:
        conditions.append(Notification.kind == kind)
    db.session.execute(update(Notification).where(*conditions).values(read_at=now))


def nobody_is_asked(link: str, now: datetime, *, kind: str, keys: str, but: str | None = None) -> None:
    """The same for everybody who was asked, whether he would be asked today or not: lines whose key begins with `keys`.

    `but`: the key of lines that ask still.
    """
    asks = Notification.key.startswith(keys, autoescape=True)
    if but is not None:
        asks &= Notification.key != but
    over = (Notification.read_at.is_(None), Notification.link == link, Notification.kind == kind, asks)
    db.session.execute(update(Notification).where(*over).values(read_at=now))


def choose(person_id: int, wanted: Mapping[str, bool], channel: str = EMAIL, *, seen: Seen | None = None) -> None:
    """Keep somebody's choices, kind by kind; `seen`: what he had before him, read by his id (None: not asked).

    Raises Rejected for a kind that leaves none, Overtaken.
    """
    for code in wanted:
        kind = kinds.BY_CODE.get(code)
        if kind is None or kind.demanded:
            raise Rejected(fields={code: "unknown"})
    if not wanted:
        return
    if seen is not None:
        held(Person, person_id)  # whoever comes second waits, then finds what the first has chosen
        seen.holds(person_id)
    statement = insert(NotificationPreference).values(
        [
            {
                "institution_id": current_institution(),
                "person_id": person_id,
                "kind": code,
                "channel": channel,
                "wanted": value,
            }
            for code, value in wanted.items()
        ]
    )
    db.session.execute(
        statement.on_conflict_do_update(
            constraint="uq_notification_preference", set_={"wanted": statement.excluded.wanted}
        )
    )


def keep(notification_id: int, message: Mapping[str, str], now: datetime) -> None:
    """Put a mail into the sink; the same message twice is one."""
    db.session.execute(
        insert(KeptMail)
        .values(institution_id=current_institution(), notification_id=notification_id, at=now, **message)
        .on_conflict_do_nothing(constraint="uq_kept_mail_message_id")
    )


def note_attempt(notification_id: int) -> None:
    """Count one more try to send."""
    _change(notification_id, attempts=NotificationDelivery.attempts + 1)


def settle(notification_id: int, state: str, now: datetime, *, error: str | None = None) -> None:
    """The delivery has come to its end: sent, kept or refused."""
    _change(notification_id, state=state, error=error, ended_at=now)


def note_error(notification_id: int, error: str) -> None:
    """A try failed; the outbox tries again later."""
    _change(notification_id, error=error[:500])


def _change(notification_id: int, **values: Any) -> None:
    db.session.execute(
        update(NotificationDelivery)
        .where(NotificationDelivery.notification_id == notification_id, NotificationDelivery.channel == EMAIL)
        .values(**values)
    )
