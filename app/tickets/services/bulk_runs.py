"""Ordering one act on more orders than a request does, and doing it step by step in the background."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.audit import labels
from app.audit import services as audit
from app.core import clock, outbox, transaction
from app.core.actor import Actor
from app.core.database_errors import constraint_violation, is_busy
from app.core.db import current_institution, db
from app.core.errors import Busy, Conflict, DomainError, NotAllowed, NotFound, Rejected
from app.events.tickets.orders import BulkEnded, BulkOrdered
from app.tickets import policies
from app.tickets.models import BulkItem, BulkRun, WorkOrder
from app.tickets.queries import dispatch_list, viewer
from app.tickets.queries.dispatch_list import Wanted
from app.tickets.services import bulk
from app.tickets.services.bulk import BulkAction, Item, Task

MOST = 5_000
KEPT_FOR = timedelta(days=90)
BATCH = 2_000
AT_ONCE = 3  # runs of one person that are not over
TRIES = 3  # of an order somebody else is writing just then

labels.declare(
    verbs={"bulk.order": _l("Ordered one act on many orders"), "bulk.stop": _l("Stopped an act on many orders")},
    objects={"bulk": _l("Act on many orders")},
    fields={"action": _l("Act"), "total": _l("Orders")},
)


def order(
    *,
    actor: Actor,
    now: datetime,
    task: Task,
    items: Collection[Item] = (),
    view: str | None = None,
    wanted: Wanted | None = None,
) -> BulkRun:
    """Have a task done to `items`, or to every order of a view of the list as it is filtered now.

    Raises NotAllowed, Rejected (none or too many), Conflict (three are running already).
    """
    if actor.id is None or not policies.may_dispatch(actor):
        raise NotAllowed
    lock = func.hashtextextended(f"bulk runs {current_institution()} {actor.id}", 0)
    db.session.execute(select(func.pg_advisory_xact_lock(lock)))  # two orders at once must not count the same runs
    open_runs = (
        select(func.count())
        .select_from(BulkRun)
        .where(BulkRun.person_id == actor.id, BulkRun.ended_at.is_(None), BulkRun.stopped_at.is_(None))
    )
    if (db.session.scalar(open_runs) or 0) >= AT_ONCE:
        raise Conflict(_l("Three of your acts on many orders are still running. Wait for one to end."))
    chosen = {item.id: item.version for item in items} or _matching(actor, view, wanted)
    if not chosen:
        raise Rejected(fields={"items": _l("No order matches.")})
    if len(chosen) > MOST:
        raise Rejected(fields={"items": _l("Choose at most 5,000 orders at a time.")})
    run = BulkRun(person_id=actor.id, task=_stored(task), total=0, ordered_at=now)
    db.session.add(run)
    db.session.flush()
    run.total = _choose(actor, run.id, chosen)
    if not run.total:
        raise Rejected(fields={"items": _l("No order matches.")})
    db.session.flush()
    audit.record(actor, "bulk.order", "bulk", run.id, now=now, after={"action": task.action.value, "total": run.total})
    outbox.publish(BulkOrdered(run_id=run.id))
    return run


def stop(*, actor: Actor, now: datetime, run_id: int) -> None:
    """Nothing more is begun; what is done stays done. A run that is over, or somebody else's, is left as it is."""
    stopped = db.session.execute(
        update(BulkRun)
        .where(
            BulkRun.id == run_id,
            BulkRun.person_id == actor.id,
            BulkRun.ended_at.is_(None),
            BulkRun.stopped_at.is_(None),
        )
        .values(stopped_at=now)
        .returning(BulkRun.id)
        .execution_options(synchronize_session=False)
    ).first()
    if stopped is not None:
        audit.record(actor, "bulk.stop", "bulk", run_id, now=now)


def forget(now: datetime) -> Iterator[int]:
    """Delete old runs with their accounts, a batch per step. Yields how many rows each took."""
    old = BulkRun.ordered_at < now - KEPT_FOR
    runs = select(BulkRun.id).where(old)
    for table, condition in ((BulkItem, BulkItem.run_id.in_(runs)), (BulkRun, old)):
        while True:
            batch = select(table.id).where(condition).limit(BATCH).scalar_subquery()
            gone = db.session.execute(delete(table).where(table.id.in_(batch)).returning(table.id)).all()
            yield len(gone)
            if len(gone) < BATCH:
                break


def person_of(run_id: int) -> int | None:
    """Who ordered a run."""
    return db.session.scalar(select(BulkRun.person_id).where(BulkRun.id == run_id))


def work(
    run_id: int, step: Callable[[], None], *, actor: Actor, words: Callable[[DomainError], dict[str, str]]
) -> None:
    """Do what is left of a run, each order in a transaction of its own (`step` ends one); safe to be run again.

    `actor` is who ordered it, with the rights he has now; `words` says a refusal in each language. At
    the end he is told.
    """
    while (item := _next(run_id)) is not None:
        refused = _one(item, actor)
        db.session.execute(
            update(BulkItem)
            .where(BulkItem.id == item.id)
            .values(outcome="refused" if refused else "done", why=words(refused) if refused else None)
            .execution_options(synchronize_session=False)
        )
        step()
    ended = db.session.execute(
        update(BulkRun)
        .where(BulkRun.id == run_id, BulkRun.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(BulkRun.stopped_at)
        .execution_options(synchronize_session=False)
    ).first()
    if ended is not None and ended.stopped_at is None:  # who stopped it knows
        outbox.publish(BulkEnded(run_id=run_id))


def _next(run_id: int) -> Any:
    """The next order of a run that was not stopped, with the task."""
    return db.session.execute(
        select(BulkItem.id, BulkItem.order_id, BulkItem.version, BulkRun.task)
        .join(BulkRun, (BulkRun.institution_id == BulkItem.institution_id) & (BulkRun.id == BulkItem.run_id))
        .where(BulkItem.run_id == run_id, BulkItem.outcome.is_(None), BulkRun.stopped_at.is_(None))
        .order_by(BulkItem.id)
        .limit(1)
    ).first()


def _one(item: Any, actor: Actor) -> DomainError | None:
    """Do it to one order; why it was refused. Somebody who holds the row just then is waited for, but not for ever."""
    if not policies.may_dispatch(actor):
        return NotAllowed()
    chosen = [Item(item.order_id, item.version)]
    for _try in range(TRIES):
        try:
            outcomes = bulk.act_on_many(actor=actor, now=clock.now(), task=task_of(item.task), items=chosen)
        except NotFound as closed:
            return closed
        except IntegrityError as error:  # the savepoint of the order is gone, the run goes on
            return constraint_violation(error)
        except DBAPIError as error:
            if not is_busy(error):
                raise
            transaction.abandon()
            continue
        return outcomes[0].refused
    return Busy()


def _matching(actor: Actor, view: str | None, wanted: Wanted | None) -> dict[int, int]:
    if view is None or view not in dispatch_list.VIEWS:
        return {}
    return dispatch_list.matching(actor, view, wanted or Wanted(), MOST + 1)


def _choose(actor: Actor, run_id: int, chosen: dict[int, int]) -> int:
    """Note the orders the actor may see, each with the version he saw; returns how many."""
    ids = db.session.scalars(
        select(WorkOrder.id).where(WorkOrder.id.in_(list(chosen)), viewer.orders_seen(actor)).order_by(WorkOrder.id)
    ).all()
    rows = [
        {"institution_id": current_institution(), "run_id": run_id, "order_id": each, "version": chosen[each]}
        for each in ids
    ]
    if rows:
        db.session.execute(insert(BulkItem), rows)
    return len(rows)


def _stored(task: Task) -> dict[str, Any]:
    found = {name: value for name, value in asdict(task).items() if value is not None}
    if task.until is not None:
        found["until"] = task.until.isoformat()
    return {**found, "action": task.action.value}


def task_of(stored: Mapping[str, Any]) -> Task:
    """The task of a stored run."""
    until = stored.get("until")
    return Task(
        **{
            **stored,
            "action": BulkAction(stored["action"]),
            "until": datetime.fromisoformat(until) if until else None,
        }
    )
