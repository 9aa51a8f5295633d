"""Events through the outbox: written with the change, delivered at least once, handled once.

`publish` writes one `outbox_event` and one `outbox_delivery` per subscribed handler in the caller's
transaction; the relay rings the queue, the runner (`core.deliveries`) does the effect under the delivery's
row lock. Valkey may be wiped at any moment: a delivery that is not `done_at` is due again (reliability.md 5).
A timer is a delivery whose `next_at` lies ahead; a periodic job an event with the unique key (job, period).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

import orjson
from flask import current_app
from sqlalchemy import Index, Integer, UniqueConstraint, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger, DateTime, Text

from app.core import clock
from app.core.actor import Actor
from app.core.bell import Bell
from app.core.db import Tenant, current_institution, db, ref
from app.core.logs import request_id
from app.core.transaction import AFTER_COMMIT, after_commit

MAX_ATTEMPTS = 8
BACKOFF_SECONDS = (5, 15, 60, 300, 1800, 7200, 21600, 43200)


QueueName = Literal["dispatch", "notices", "long"]


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events: frozen dataclasses of ids and plain values, past tense, one file or folder per publisher.

    A field `at` of type datetime is stored as RFC 3339 text. `v` names the version of the payload's shape.
    """


EventT = TypeVar("EventT", bound=Event)


class Handler(Protocol):
    """What reacts to an event: `(event, actor, now)`. The runner has locked the delivery and will commit."""

    def __call__(self, event: Any, actor: Actor, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler with its name (stored in the delivery), its queue and whether it works in steps.

    A stepwise handler runs outside the runner's transaction: `(event, lease)`; it commits by `core.steps`
    and the runner marks the delivery done only where the lease is still its own. `wanted` tells, when an event is
    published, whether this institution has any use for the handler; None: always.
    """

    name: str
    handler: Callable[..., None]
    queue: QueueName = "dispatch"
    stepwise: bool = False
    wanted: Callable[[], bool] | None = None


SPENT = "dedupe_key IS NULL OR starts_with(dedupe_key, 'periodic:')"
"""Events whose key, if any, proves nothing once they are delivered: periodic ones are named by their period."""


class OutboxEvent(Tenant):
    __tablename__ = "outbox_event"
    __table_args__ = (
        UniqueConstraint("institution_id", "dedupe_key", name="uq_outbox_event_dedupe_key"),
        # housekeeping walks both; an event is in one of them
        Index("ix_outbox_event_spent", "institution_id", "at", postgresql_where=text(SPENT)),
        Index("ix_outbox_event_keyed", "institution_id", "at", postgresql_where=text(f"NOT ({SPENT})")),
    )

    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    v: Mapped[int] = mapped_column(Integer, default=1)
    dedupe_key: Mapped[str | None]
    request_id: Mapped[str | None]
    at: Mapped[datetime]


class OutboxDelivery(Tenant):
    """One handler's turn at one event. Times are the database's (leases only, see architecture.md "Time")."""

    __tablename__ = "outbox_delivery"
    __table_args__ = (
        ref("outbox_event", "event_id"),
        UniqueConstraint("institution_id", "event_id", "handler", name="uq_outbox_delivery_event_handler"),
        Index(
            "ix_outbox_delivery_due",
            "institution_id",
            "next_at",
            postgresql_where=text("done_at IS NULL AND parked_at IS NULL"),
        ),
        Index("ix_outbox_delivery_done", "institution_id", "done_at", postgresql_where=text("done_at IS NOT NULL")),
        Index("ix_outbox_delivery_parked", "institution_id", "id", postgresql_where=text("parked_at IS NOT NULL")),
    )

    event_id: Mapped[int] = mapped_column(BigInteger)
    handler: Mapped[str]
    queue: Mapped[str]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime]
    lease: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class Subscribers:
    """The table event → handlers, filled once by wiring."""

    def __init__(self, table: Mapping[type[Event], tuple[Subscription, ...]]) -> None:
        self.events: dict[str, type[Event]] = {event.__name__: event for event in table}
        self.by_event: dict[str, tuple[Subscription, ...]] = {event.__name__: subs for event, subs in table.items()}
        self.by_name: dict[str, Subscription] = {}
        for subscription in (each for group in table.values() for each in group):
            known = self.by_name.setdefault(subscription.name, subscription)
            if known.handler is not subscription.handler:
                raise ValueError(f"two handlers are called {subscription.name}")
            if subscription.queue == "long" and not subscription.stepwise:
                # without a lease the relay would ring for it again and again while it runs
                raise ValueError(f"{subscription.name} works on the queue for long jobs, so it must be stepwise")

    def turns(self, kind: str) -> tuple[Subscription, ...]:
        """Who has a turn at an event of this kind that is published now."""
        return tuple(each for each in self.by_event.get(kind, ()) if each.wanted is None or each.wanted())

    def load(self, kind: str, payload: Mapping[str, Any]) -> Event:
        """The event of a stored row; unknown members are ignored, so v and v-1 both load (rolling deploys)."""
        event_class = self.events[kind]
        names = {field.name for field in dataclasses.fields(event_class)}
        return event_class(**{name: value for name, value in payload.items() if name in names})


def subscribers() -> Subscribers:
    """The application's subscriber table."""
    table: Subscribers = current_app.extensions["houqin_subscribers"]
    return table


# What is due at once is due by the database's clock where this host's runs ahead: the relay asks by that clock.
_PUBLISH = text(
    """
    WITH event AS (
        INSERT INTO outbox_event (institution_id, kind, payload, v, dedupe_key, request_id, at)
        VALUES (:institution, :kind, CAST(:payload AS jsonb), 1, :dedupe_key, :request_id, :at)
        ON CONFLICT ON CONSTRAINT uq_outbox_event_dedupe_key DO NOTHING
        RETURNING institution_id, id
    )
    INSERT INTO outbox_delivery (institution_id, event_id, handler, queue, attempts, failures, next_at)
    SELECT event.institution_id, event.id, turn.handler, turn.queue, 0, 0,
        coalesce(:due, least(:at, clock_timestamp()))
    FROM event, unnest(:handlers, :queues) AS turn(handler, queue)
    RETURNING id
    """
).bindparams(
    bindparam("at", type_=DateTime(timezone=True)),
    bindparam("due", type_=DateTime(timezone=True)),
    bindparam("handlers", type_=ARRAY(Text)),
    bindparam("queues", type_=ARRAY(Text)),
)


def publish(event: Event, *, key: str | None = None, due: datetime | None = None) -> bool:
    """Write an event and its deliveries in the present transaction.

    `key` makes it unique for ever: a second publish with the same key does nothing. `due` (aware) delays the
    delivery: that is how timers are made. Returns whether anything was written to be delivered.
    """
    table = subscribers()
    handlers = table.turns(type(event).__name__)  # an event nobody listens to is still history
    moment = clock.now()
    written = db.session.execute(
        _PUBLISH,
        {
            "institution": current_institution(),
            "kind": type(event).__name__,
            "payload": _payload(event),
            "dedupe_key": key,
            "request_id": request_id.get(),
            "at": moment,
            "due": due,
            "handlers": [each.name for each in handlers],
            "queues": [each.queue for each in handlers],
        },
    ).all()
    if written and (due is None or due <= moment):
        _ring_after_commit(current_institution())
    return bool(written)


def _payload(event: Event) -> str:
    return orjson.dumps(dataclasses.asdict(event)).decode()


def _ring_after_commit(institution_id: int) -> None:
    """Wake the relay once the transaction is through; one ring per transaction, however many events."""
    waiting = db.session().info.get(AFTER_COMMIT, [])
    if any(isinstance(each, Ring) for each in waiting):
        return
    after_commit(Ring(institution_id))


@dataclass(frozen=True, slots=True)
class Ring:
    """The bell of the relay, outside the business transaction; a lost ring costs one poll."""

    institution_id: int

    def __call__(self) -> None:
        if current_app.config["OUTBOX_RING"]:
            bell: Bell = current_app.extensions["houqin_bell"]
            bell.ring(self.institution_id)


@dataclass(frozen=True, slots=True)
class Pending:
    """An event to be published with others; `key` and `due` as in `publish`."""

    event: Event
    key: str | None = None
    due: datetime | None = None


_PUBLISH_ALL = text(
    """
    WITH given AS (
        SELECT * FROM unnest(:kinds, CAST(:payloads AS jsonb[]), :keys, :dues) AS row(kind, payload, dedupe_key, due)
    ), event AS (
        INSERT INTO outbox_event (institution_id, kind, payload, v, dedupe_key, request_id, at)
        SELECT :institution, kind, payload, 1, dedupe_key, :request_id, :at FROM given
        ON CONFLICT ON CONSTRAINT uq_outbox_event_dedupe_key DO NOTHING
        RETURNING institution_id, id, kind, payload, dedupe_key
    )
    INSERT INTO outbox_delivery (institution_id, event_id, handler, queue, attempts, failures, next_at)
    SELECT event.institution_id, event.id, turn.handler, turn.queue, 0, 0,
        coalesce(given.due, least(:at, clock_timestamp()))
    FROM event
    JOIN given ON given.kind = event.kind AND given.payload = event.payload
        AND given.dedupe_key IS NOT DISTINCT FROM event.dedupe_key
    JOIN unnest(:turns, :handlers, :queues) AS turn(kind, handler, queue) ON turn.kind = event.kind
    """
).bindparams(
    bindparam("at", type_=DateTime(timezone=True)),
    bindparam("dues", type_=ARRAY(DateTime(timezone=True))),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("kinds", "payloads", "keys", "turns", "handlers", "queues")),
)


def publish_all(pending: list[Pending]) -> None:
    """Publish several events in one statement; the same event (kind, content, key) given twice is written once."""
    if not pending:
        return
    moment = clock.now()
    table = subscribers()
    rows: dict[tuple[str, str, str | None], datetime | None] = {}
    for each in pending:
        rows.setdefault((type(each.event).__name__, _payload(each.event), each.key), each.due)
    turns = [(kind, turn) for kind in {row[0] for row in rows} for turn in table.turns(kind)]
    db.session.execute(
        _PUBLISH_ALL,
        {
            "institution": current_institution(),
            "kinds": [kind for kind, _payload, _key in rows],
            "payloads": [payload for _kind, payload, _key in rows],
            "keys": [key for _kind, _payload, key in rows],
            "dues": list(rows.values()),
            "request_id": request_id.get(),
            "at": moment,
            "turns": [kind for kind, _turn in turns],
            "handlers": [turn.name for _kind, turn in turns],
            "queues": [turn.queue for _kind, turn in turns],
        },
    )
    if turns and any(due is None or due <= moment for due in rows.values()):
        ring_after_commit()


def ring_after_commit() -> None:
    """Wake the relay once the present transaction is through (for statements that write outbox rows themselves)."""
    _ring_after_commit(current_institution())
