"""Sending one message: read, call outside any transaction, note the end."""

from __future__ import annotations

from typing import Any

from app.core import clock
from app.core.db import current_institution
from app.core.deliveries import Lease
from app.core.transaction import steps, transaction
from app.events.notifications import WebhookDue
from app.events.operations import HousekeepingDue
from app.notifications.rules import webhooks as rules
from app.notifications.webhooks import calling, queries, services

USER_AGENT = "Houqin-Webhooks/1"


def send(event: WebhookDue, lease: Lease) -> None:
    """One try. Killed in between, it goes again with the same id, by which the receiver knows it."""
    with steps():
        row = queries.outgoing(event.message_id)
        current = row is not None and (row.replays, row.attempts) == (event.replay, event.attempt)
        if not current or row.state != "waiting":
            return
        lease.renew()
    status, error = (None, "off") if not row.enabled else _call(row)
    with transaction():
        lease.renew()
        services.settle(event, clock.now(), status=status, error=error)


def tidy(event: HousekeepingDue, lease: Lease) -> None:
    """Batch by batch, each a transaction of its own."""
    with steps() as step:
        for _gone in services.tidy(clock.now()):
            lease.renew()
            step()


def _call(row: Any) -> tuple[int | None, str | None]:
    """The status of the answer, and the code of what went wrong where it was no 2xx (`failures.WORDS`)."""
    body = row.body.encode()
    now = clock.now()
    held = [row.secret]
    if row.former_secret and row.former_until and now < row.former_until:
        held.append(row.former_secret)
    message_id = f"msg_{current_institution()}_{row.id}"
    seconds = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": rules.signatures(held, message_id, seconds, body),
    }
    try:
        allowed = calling.allowed_here()
        status = calling.post(rules.target(row.url, allowed), body, headers, allowed.networks)
    except (rules.BadTarget, calling.NotReached) as refused:
        return None, refused.code
    return status, "redirect" if 300 <= status < 400 else "answer"
