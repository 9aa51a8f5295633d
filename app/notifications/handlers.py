"""Sending what is to be sent, and telling uploaders what became of their files."""

from __future__ import annotations

import smtplib
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from app.core import clock, i18n
from app.core.actor import Actor
from app.core.db import current_institution
from app.core.deliveries import Lease
from app.core.transaction import steps, transaction
from app.events.imports import ImportSettled
from app.events.notifications import MailDue
from app.notifications import mail, queries, rendering, services


def send_mail(event: MailDue, lease: Lease) -> None:
    """One mail: read, send outside any transaction, note the end. Killed in between, it goes again with the same id."""
    with steps():
        row = queries.outgoing(event.notification_id)
        if row is None or row.state != "waiting":
            return
        services.note_attempt(event.notification_id)
        lease.renew()
    try:
        state = _hand_over(row, lease)
    except mail.Refused as refused:
        _settle(event.notification_id, "refused", str(refused))
    except (OSError, smtplib.SMTPException) as error:
        with transaction():
            services.note_error(event.notification_id, f"{type(error).__name__}: {error}")
        raise
    else:
        if state == "sent":
            _settle(event.notification_id, "sent", None)


def _hand_over(row: Any, lease: Lease) -> str:
    """To the mail server, or into the sink together with the note of it."""
    config = current_app.config["HOUQIN"]
    lang = row.locale or i18n.current_default()
    with i18n.speaking(lang):
        letter = rendering.letter(row.kind, row.data, name=row.name, link=rendering.address(row.link))
    message_id = _message_id(config, row.id)
    message = mail.compose(
        letter,
        sender=config.mail_from,
        name=row.name,
        address=row.email or "",
        message_id=message_id,
        lang=lang,
        at=row.created_at,
        unsubscribe=rendering.address("/notifications/choices"),
    )
    if config.smtp_url:
        mail.send(config.smtp_url, message)
        return "sent"
    with transaction():
        lease.renew()
        services.keep(
            row.id,
            {
                "message_id": message_id,
                "to_name": row.name,
                "to_address": row.email,
                "subject": letter.subject,
                "lang": lang,
                "body_text": letter.text,
                "body_html": letter.html,
            },
            clock.now(),
        )
        services.settle(row.id, "kept", clock.now())
    return "kept"


def _message_id(config: Any, notification_id: int) -> str:
    host = urlsplit(config.base_url).hostname or "houqin.invalid"
    return f"notification.{current_institution()}.{notification_id}@{host}"


def _settle(notification_id: int, state: str, error: str | None) -> None:
    with transaction():
        services.settle(notification_id, state, clock.now(), error=error)


# What an uploader waits for; the other ends of a stage are steps on the way.
TOLD_STATES = frozenset({"planned", "waiting", "known", "applied", "undone", "not_undone", "failed"})
CAME_TO_NOTHING = frozenset({"not_undone", "failed"})


def import_settled(event: ImportSettled, actor: Actor, now: datetime) -> None:
    """The uploader learns what became of the file; who has approved or ordered it only that it came to nothing."""
    if event.state not in TOLD_STATES:
        return
    people = {event.uploaded_by, event.decided_by if event.state in CAME_TO_NOTHING else None}
    services.notify(
        people,
        "import-settled",
        {"batch": f"I-{event.batch_id:04d}", "kind": event.kind, "state": event.state},
        f"/imports/{event.batch_id}",
        now,
        key=f"import:{event.batch_id}:{event.state}:{event.version}",
    )
