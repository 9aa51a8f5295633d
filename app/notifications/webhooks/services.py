"""Endpoints of other systems, and the messages made for them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, insert, select, update

from app.audit import labels
from app.audit import services as audit
from app.core import outbox
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Conflict, Rejected
from app.core.held import held as row_held
from app.core.i18n import iso
from app.core.outbox import Event, Pending
from app.core.seen import Seen, check
from app.events.notifications import WebhookDue
from app.notifications.rules import webhooks as rules
from app.notifications.webhooks import failures
from app.notifications.webhooks.models import WebhookEndpoint, WebhookMessage

labels.declare(
    verbs={
        "webhook.create": _l("Made a webhook"),
        "webhook.change": _l("Changed a webhook"),
        "webhook.secret": _l("Made a new secret of a webhook"),
        "webhook.remove": _l("Removed a webhook"),
        "webhook.gone": _l("Switched off a webhook whose address is gone"),
        "webhook.test": _l("Tried a webhook"),
        "webhook.replay": _l("Had a message sent again"),
    },
    objects={"webhook": _l("Webhook")},
    names={"webhook": labels.named_by(WebhookEndpoint.id, WebhookEndpoint.name)},
)

TEST = "webhook.test"
CACHE_SECONDS = 5.0
FORMER_SECRET_SIGNS = timedelta(hours=24)
KEPT_FOR = timedelta(days=90)
"""How long after its end a message can be looked at and sent again."""
BATCH = 2000
RETRIES = (5, 60, 300, 1800, 7200, 21_600, 43_200)
"""Seconds after the first, second … failure; after one more the message has failed (about 22 hours in all)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What other systems hear of an event: its name, and which of its plain values. Never a name, a text or a phone."""

    name: str
    words: Any
    data: Callable[[Any], Mapping[str, Any]]


EVENTS: dict[type[Event], Told] = {}
"""Filled by wiring, once."""


def names() -> dict[str, Any]:
    """The names an endpoint can ask for, with what they mean."""
    return {told.name: told.words for told in EVENTS.values()}


def create(
    *, actor: Actor, now: datetime, name: str, url: str, events: Collection[str], allowed: rules.Allowed
) -> WebhookEndpoint:
    """A new endpoint with a secret of its own. Raises Rejected (fields `url`, `events`)."""
    endpoint = WebhookEndpoint(
        name=name,
        url=_url(url, allowed),
        events=_wanted(events),
        secret=rules.new_secret(),
        created_by=actor.id,
        created_at=now,
    )
    db.session.add(endpoint)
    db.session.flush()
    forget()
    after = {"name": name, "url": url, "events": endpoint.events}
    audit.record(actor, "webhook.create", "webhook", endpoint.id, now=now, after=after)
    return endpoint


def change(
    endpoint_id: int,
    *,
    actor: Actor,
    now: datetime,
    seen: Seen | int | None,
    allowed: rules.Allowed,
    **values: Any,
) -> WebhookEndpoint:
    """Change `name`, `url`, `events`, `enabled`. Raises NotFound, Stale, Rejected."""
    endpoint = _held_as(endpoint_id, seen)
    if "url" in values:
        values["url"] = _url(values["url"], allowed)
    if "events" in values:
        values["events"] = _wanted(values["events"])
    before = {each: getattr(endpoint, each) for each in values}
    if audit.record_change(actor, "webhook.change", "webhook", endpoint.id, now=now, before=before, after=values):
        for each, value in values.items():
            setattr(endpoint, each, value)
        endpoint.version += 1
        forget()
    return endpoint


def renew_secret(endpoint_id: int, *, actor: Actor, now: datetime, seen: int | None = None) -> WebhookEndpoint:
    """A new secret; the former one signs beside it for a day. Raises NotFound, Stale."""
    endpoint = _held_as(endpoint_id, seen)
    endpoint.former_secret, endpoint.former_until = endpoint.secret, now + FORMER_SECRET_SIGNS
    endpoint.secret = rules.new_secret()
    endpoint.version += 1
    audit.record(actor, "webhook.secret", "webhook", endpoint.id, now=now)
    return endpoint


def remove(endpoint_id: int, *, actor: Actor, now: datetime, seen: int | None = None) -> None:
    """Nothing is sent there any more; its history stays. Raises NotFound, Stale."""
    endpoint = _held_as(endpoint_id, seen)
    endpoint.enabled, endpoint.removed_at = False, now
    endpoint.version += 1
    audit.record(actor, "webhook.remove", "webhook", endpoint.id, now=now)


def send_test(endpoint_id: int, *, actor: Actor, now: datetime) -> None:
    """A message without content, to see whether the other side takes it. Raises NotFound, Conflict (switched off)."""
    endpoint = held(endpoint_id)
    if not endpoint.enabled:
        raise Conflict(_l("This webhook is switched off. Switch it on first."))
    _order([endpoint.id], TEST, {}, now)
    audit.record(actor, "webhook.test", "webhook", endpoint.id, now=now)


def replay(message_id: int, *, actor: Actor, now: datetime) -> WebhookMessage:
    """Send a message again, with the same id and body. Raises NotFound, Conflict (still under way, or switched off)."""
    message = row_held(WebhookMessage, message_id)
    endpoint = held(message.endpoint_id)
    if not endpoint.enabled:
        raise Conflict(_l("This webhook is switched off. Switch it on first."))
    if message.state == "waiting":
        raise Conflict(_l("This message is still being sent."))
    message.state, message.attempts, message.ended_at = "waiting", 0, None
    message.replays += 1
    outbox.publish(WebhookDue(message.id, message.replays, 0))
    audit.record(actor, "webhook.replay", "webhook", endpoint.id, now=now, after={"message_id": message.id})
    return message


_known: dict[int, tuple[float, bool]] = {}


def any_endpoint() -> bool:
    """Whether the bound institution tells any other system anything; another process learns it within CACHE_SECONDS."""
    institution_id = current_institution()
    read_at, found = _known.get(institution_id, (0.0, False))
    if time.monotonic() - read_at >= CACHE_SECONDS:
        on = select(WebhookEndpoint.id).where(WebhookEndpoint.enabled.is_(True)).limit(1)
        found = db.session.scalar(on) is not None
        _known[institution_id] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Drop what this process remembers of endpoints."""
    _known.clear()


def announce(event: Event, actor: Actor, now: datetime) -> None:
    """Handler of every listed event: one message for each endpoint that asked for it."""
    told = EVENTS[type(event)]
    ids = db.session.scalars(
        select(WebhookEndpoint.id)
        .where(WebhookEndpoint.enabled.is_(True), WebhookEndpoint.events.contains([told.name]))
        .order_by(WebhookEndpoint.id)
    ).all()
    _order(ids, told.name, told.data(event), now)


def _order(endpoint_ids: Collection[int], name: str, data: Mapping[str, Any], now: datetime) -> None:
    if not endpoint_ids:
        return
    body = orjson.dumps({"type": name, "timestamp": iso(now), "data": dict(data)}).decode()
    made = db.session.scalars(
        insert(WebhookMessage).returning(WebhookMessage.id, sort_by_parameter_order=True),
        [
            {
                "institution_id": current_institution(),
                "endpoint_id": endpoint_id,
                "event": name,
                "body": body,
                "state": "waiting",
                "attempts": 0,
                "replays": 0,
                "at": now,
            }
            for endpoint_id in endpoint_ids
        ],
    )
    outbox.publish_all([Pending(WebhookDue(message_id, 0, 0)) for message_id in made])


def settle(due: WebhookDue, now: datetime, *, status: int | None, error: str | None) -> None:
    """Note how a try ended: taken (2xx), tried again later, or failed for good.

    `error` is a code of `failures.WORDS`. A try somebody replayed meanwhile says nothing. 410 switches the endpoint
    off: the other side wants no more.
    """
    taken = status is not None and 200 <= status < 300
    over = taken or status == 410 or due.attempt >= len(RETRIES)
    state = "sent" if taken else "failed" if over else "waiting"
    row = db.session.execute(
        update(WebhookMessage)
        .where(
            WebhookMessage.id == due.message_id,
            WebhookMessage.replays == due.replay,
            WebhookMessage.attempts == due.attempt,
            WebhookMessage.state == "waiting",
        )
        .values(
            state=state,
            attempts=due.attempt + 1,
            status=status,
            error=None if taken else error,
            ended_at=now if over else None,
        )
        .returning(WebhookMessage.endpoint_id)
    ).first()
    if row is None:
        return
    if status == 410:
        _switch_off(row.endpoint_id, due.message_id, now)
    elif not over:
        later = now + timedelta(seconds=RETRIES[due.attempt])
        outbox.publish(dataclasses.replace(due, attempt=due.attempt + 1), due=later)


def _switch_off(endpoint_id: int, message_id: int, now: datetime) -> None:
    """As the system: nobody pressed a button, yet somebody will ask why nothing is sent any more."""
    off = db.session.scalar(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.enabled.is_(True))
        .values(enabled=False, version=WebhookEndpoint.version + 1)
        .returning(WebhookEndpoint.id)
    )
    if off is not None:
        before, after = {"enabled": True}, {"enabled": False, "message_id": message_id}
        system = Actor.system(current_institution())
        audit.record(system, "webhook.gone", "webhook", endpoint_id, now=now, before=before, after=after)


def tidy(now: datetime) -> Iterator[int]:
    """Delete messages long over, a batch per step. Yields how many rows each took."""
    while True:
        old = select(WebhookMessage.id).where(WebhookMessage.ended_at < now - KEPT_FOR).limit(BATCH).scalar_subquery()
        gone = db.session.execute(
            delete(WebhookMessage).where(WebhookMessage.id.in_(old)).returning(WebhookMessage.id)
        ).all()
        yield len(gone)
        if len(gone) < BATCH:
            break


def held(endpoint_id: int) -> WebhookEndpoint:
    """A living endpoint, locked. Raises NotFound."""
    return row_held(WebhookEndpoint, endpoint_id, WebhookEndpoint.removed_at.is_(None))


def _held_as(endpoint_id: int, seen: Seen | int | None) -> WebhookEndpoint:
    """The same as somebody has seen it (None: he does not say). Raises NotFound, Stale."""
    endpoint = held(endpoint_id)
    check(endpoint, seen, state=_state(endpoint), assignee=None)
    return endpoint


def _state(endpoint: WebhookEndpoint) -> str:
    return "enabled" if endpoint.enabled else "disabled"


def _url(url: str, allowed: rules.Allowed) -> str:
    try:
        rules.target(url, allowed)
    except rules.BadTarget as error:
        raise Rejected(fields={"url": failures.WORDS[error.code]}) from error
    return url


def _wanted(events: Collection[str]) -> list[str]:
    known = names()
    if not events or not set(events) <= set(known):
        raise Rejected(fields={"events": _l("Choose at least one of the listed events.")})
    return [each for each in known if each in set(events)]
