"""Figures of the desk, parked deliveries, work that runs, and the history of settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.accounts.models import Person, Role, RoleGrant
from app.core import paging
from app.core.actor import Actor
from app.core.db import db, valid_on
from app.core.outbox import OutboxDelivery, OutboxEvent
from app.core.prepared import among, code
from app.core.settings import SettingValue
from app.imports.models import ImportProgress
from app.sites import queries as places
from app.tickets.models import Offer, Ticket, WorkOrder
from app.tickets.queries import viewer
from app.tickets.rules.workflow import ORDER_OPEN

RUNNING_AT_MOST = 100


def desk(actor: Actor, now: datetime) -> Any:
    """How much waits for a dispatcher, within the actor's scope, from the open orders and tickets alone.

    `new` requests nobody has looked at; orders `nobody` was found for, those that wait again since an offer `expired`,
    those the duty lead was `called` for, under way (`working`), on hold longer than said (`overdue`), and `rework` a
    supervisor gives to somebody (44).
    """
    new = (
        select(func.count())
        .select_from(Ticket)
        .where(Ticket.status == code("submitted"), viewer.tickets_seen(actor))
        .scalar_subquery()
    )
    # codes in the text: as values they had PostgreSQL plan the statement anew for each home page
    queued = WorkOrder.state == code("queued")
    ran_out = (
        select(Offer.id)
        .where(
            Offer.institution_id == WorkOrder.institution_id,
            Offer.order_id == WorkOrder.id,
            Offer.outcome == code("expired"),
        )
        .exists()
    )
    return db.session.execute(
        select(
            new.label("new"),
            func.count().filter(queued, WorkOrder.waiting.is_not(None)).label("nobody"),
            func.count()
            .filter(or_(queued, WorkOrder.state == code("offered")), WorkOrder.lead_called_at.is_not(None))
            .label("called"),
            func.count().filter(queued, ran_out).label("expired"),
            func.count().filter(among(WorkOrder.state, ("accepted", "en_route", "working"))).label("working"),
            func.count().filter(WorkOrder.state == code("on_hold"), WorkOrder.hold_until < now).label("overdue"),
            func.count().filter(WorkOrder.state == "planned", WorkOrder.kind == "rework").label("rework"),
        ).where(among(WorkOrder.state, ORDER_OPEN), viewer.orders_seen(actor))
    ).one()


def care(actor: Actor) -> Any:
    """The open requests of the actor's scope: `new`, `accepted` and nobody at it yet, `in_service`."""
    return db.session.execute(
        select(
            func.count().filter(Ticket.status == "submitted").label("new"),
            func.count().filter(Ticket.status == "accepted").label("accepted"),
            func.count().filter(Ticket.status == "in_service").label("in_service"),
        ).where(Ticket.status.in_(("submitted", "accepted", "in_service")), viewer.tickets_seen(actor))
    ).one()


_DELIVERY: tuple[Any, ...] = (
    OutboxDelivery.id,
    OutboxDelivery.handler,
    OutboxDelivery.queue,
    OutboxDelivery.attempts,
    OutboxDelivery.failures,
    OutboxDelivery.last_error,
    OutboxDelivery.parked_at,
    OutboxDelivery.lease_until,
    OutboxEvent.kind,
    OutboxEvent.payload,
    OutboxEvent.at,
    OutboxEvent.request_id,
)
_EVENT_OF_DELIVERY = and_(
    OutboxEvent.institution_id == OutboxDelivery.institution_id, OutboxEvent.id == OutboxDelivery.event_id
)


def parked(cursor: str | None, limit: int = 50) -> paging.Page[Any]:
    """Deliveries that were given up, newest first, each with its event."""
    query = (
        select(*_DELIVERY)
        .join(OutboxEvent, _EVENT_OF_DELIVERY)
        .where(OutboxDelivery.parked_at.is_not(None), OutboxDelivery.done_at.is_(None))
    )
    return paging.page(query, [("id", OutboxDelivery.id.desc())], cursor, limit)


def running(now: datetime) -> Sequence[Any]:
    """Deliveries somebody holds a lease on right now, with the progress of the import they work on, oldest first."""
    batch = OutboxEvent.payload["batch_id"].as_integer()
    return db.session.execute(
        select(*_DELIVERY, ImportProgress.stage, ImportProgress.done, ImportProgress.total, ImportProgress.began_at)
        .join(OutboxEvent, _EVENT_OF_DELIVERY)
        .outerjoin(
            ImportProgress,
            and_(ImportProgress.institution_id == OutboxEvent.institution_id, ImportProgress.batch_id == batch),
        )
        .where(
            OutboxDelivery.done_at.is_(None),
            OutboxDelivery.parked_at.is_(None),
            OutboxDelivery.lease_until > func.clock_timestamp(),
        )
        .order_by(OutboxDelivery.id)
        .limit(RUNNING_AT_MOST)
    ).all()


def failing(limit: int = 20) -> Sequence[Any]:
    """Deliveries that failed and wait for their next try, the soonest first."""
    return db.session.execute(
        select(*_DELIVERY, OutboxDelivery.next_at)
        .join(OutboxEvent, _EVENT_OF_DELIVERY)
        .where(OutboxDelivery.done_at.is_(None), OutboxDelivery.parked_at.is_(None), OutboxDelivery.failures > 0)
        .order_by(OutboxDelivery.next_at)
        .limit(limit)
    ).all()


def settings_in_force() -> dict[str, Any]:
    """The newest row of each setting somebody changed: value, when, by whom; read past the cache."""
    newest = (
        select(SettingValue.id, SettingValue.name, SettingValue.value, SettingValue.at, SettingValue.actor_id)
        .ext(distinct_on(SettingValue.name))
        .order_by(SettingValue.name, SettingValue.id.desc())
        .subquery()
    )
    rows = db.session.execute(
        select(newest.c.id, newest.c.name, newest.c.value, newest.c.at, Person.name.label("by")).outerjoin(
            Person, Person.id == newest.c.actor_id
        )
    )
    return {row.name: row for row in rows}


def newest_parked() -> tuple[int | None, int]:
    """The id of the delivery given up last (None: none is), and how many are."""
    row = db.session.execute(
        select(func.max(OutboxDelivery.id), func.count()).where(
            OutboxDelivery.parked_at.is_not(None), OutboxDelivery.done_at.is_(None)
        )
    ).one()
    return row[0], row[1]


def menders(now: datetime) -> list[int]:
    """People whose role lets them retry deliveries, which are the whole institution's (`accounts.rules.roles`)."""
    today = places.today(now)
    rows = db.session.scalars(
        select(RoleGrant.person_id)
        .join(Role, and_(Role.institution_id == RoleGrant.institution_id, Role.id == RoleGrant.role_id))
        .join(Person, and_(Person.institution_id == RoleGrant.institution_id, Person.id == RoleGrant.person_id))
        .where(
            Role.permissions.contains(["operations.retry"]),
            RoleGrant.scope_kind == "institution",
            Person.disabled_at.is_(None),
            valid_on(RoleGrant, today),
            valid_on(Person, today),
        )
        .distinct()
    )
    return sorted(rows)
