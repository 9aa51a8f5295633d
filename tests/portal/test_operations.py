"""Operations: what waits and runs is seen, what was given up is let run again or dropped with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core import clock, deliveries, health, housekeeping, outbox
from app.core.http.idempotency import IdempotencyKey
from app.core.outbox import OutboxDelivery, OutboxEvent
from app.events.notifications import MailDue
from app.events.operations import HousekeepingDue, OperationsWatched
from app.notifications.models import Notification
from app.portal import part_words
from app.portal.handlers import operations as handlers
from app.portal.queries import operations as queries
from tests.factories import accounts


@pytest.fixture
def parked(database: Session) -> OutboxDelivery:
    outbox.publish(MailDue(1))
    made = database.scalars(select(OutboxDelivery)).one()
    made.failures, made.attempts, made.parked_at = 8, 8, clock.now()
    made.last_error = "RuntimeError: <b>no ladder</b>"
    database.commit()
    return made


@pytest.fixture
def browser(login: Callable[..., FlaskClient], database: Session) -> FlaskClient:
    return login(accounts.person("admin", locale="en"))


def test_the_overview_says_how_every_part_is(browser: FlaskClient, parked: OutboxDelivery) -> None:
    for path in ("/operations", "/operations/state"):
        page = browser.get(path).get_data(as_text=True)
        assert "Worker for orders" in page
        assert "No long job runs" in page
        assert "Queue for notices" in page


def test_every_part_has_its_words(browser: FlaskClient) -> None:
    """`health` speaks to terminals and balancers; the page speaks to its reader, and so does what is to be done."""
    with browser.application.app_context():
        assert {each.name for each in health.parts()} == part_words.NAMES.keys()
    source = Path(health.__file__).read_text(encoding="utf-8")
    assert set(part_words.MENDS) == {each for each in part_words.MENDS if f'"{each}"' in source}
    written = re.findall(r'Part\([^()]*(?:\([^()]*\))?[^()]*, "([A-Z][^"]+)"\)', source)
    assert set(written) <= part_words.MENDS.keys()


def test_running_and_failing_work_is_shown(browser: FlaskClient, parked: OutboxDelivery, database: Session) -> None:
    parked.parked_at = None
    parked.lease, parked.lease_until = "x", clock.now() + timedelta(minutes=1)
    database.commit()
    page = browser.get("/operations").get_data(as_text=True)
    assert "notifications.mail" in page
    assert "Failed, will be tried again" in page
    assert "&lt;b&gt;no ladder" in page


def test_what_was_given_up_runs_again(browser: FlaskClient, parked: OutboxDelivery, database: Session) -> None:
    page = browser.get("/operations/parked").get_data(as_text=True)
    assert "notifications.mail" in page
    assert "&lt;b&gt;no ladder&lt;/b&gt;" in page
    assert browser.post(f"/operations/deliveries/{parked.id}/retry").status_code == 302
    database.refresh(parked)
    assert (parked.parked_at, parked.failures, parked.attempts) == (None, 0, 0)
    assert database.scalars(select(AuditEntry.verb)).all()[-1] == "delivery.retry"
    assert browser.post(f"/operations/deliveries/{parked.id}/retry").status_code == 404, "no longer parked"
    assert "Nothing is parked" in browser.get("/operations/parked").get_data(as_text=True)


def test_what_is_dropped_needs_a_reason(browser: FlaskClient, parked: OutboxDelivery, database: Session) -> None:
    path = f"/operations/deliveries/{parked.id}/drop"
    for reason in ("", "   ", "\x00"):
        answer = browser.post(path, data={"reason": reason})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.get_data(as_text=True)
    assert browser.post(path, data={"reason": "Sent by hand"}).status_code == 302
    database.refresh(parked)
    assert parked.done_at is not None
    assert parked.last_error == "dropped: Sent by hand"
    entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "delivery.drop")).one()
    assert entry.after == {"reason": "Sent by hand"}
    assert queries.parked(None).items == []


def test_only_who_may(login: Callable[..., FlaskClient], parked: OutboxDelivery) -> None:
    client = login(accounts.person("dispatcher"))
    for path in ("/operations", "/operations/state", "/operations/parked"):
        assert client.get(path).status_code == 403
    assert client.post(f"/operations/deliveries/{parked.id}/retry").status_code == 403
    assert client.post(f"/operations/deliveries/{parked.id}/drop", data={"reason": "x"}).status_code == 403


def test_administrators_are_told_once_of_what_was_given_up(
    parked: OutboxDelivery, database: Session, now: datetime
) -> None:
    admin = accounts.person("admin")
    accounts.person("dispatcher")
    for _ in range(2):
        handlers.watch(OperationsWatched(), accounts.actor(admin), now)
    (line,) = database.scalars(select(Notification)).all()
    assert (line.person_id, line.kind, line.data, line.link) == (
        admin.id, "deliveries-parked", {"count": 1}, "/operations/parked",
    )  # fmt: skip


def test_whoever_has_left_mends_nothing(database: Session, now: datetime) -> None:
    here, gone, ending = (accounts.person("admin") for _each in range(3))
    gone.valid_to = now.date()
    ending.valid_to = now.date() + timedelta(days=1)  # the first day without him
    database.flush()
    assert {here.id, ending.id} <= set(queries.menders(now))
    assert gone.id not in queries.menders(now)


def test_nobody_is_told_of_nothing(database: Session, now: datetime) -> None:
    handlers.watch(OperationsWatched(), accounts.actor(accounts.person("admin")), now)
    assert database.scalars(select(Notification)).all() == []


MANY = text(
    """
    WITH event AS (
        INSERT INTO outbox_event (institution_id, kind, payload, v, dedupe_key, at)
        SELECT 1, 'MailDue', '{}', 1, CASE WHEN n % 2 = 0 THEN 'mail:' || n END, now() FROM generate_series(1, 4000) n
        RETURNING institution_id, id
    )
    INSERT INTO outbox_delivery (institution_id, event_id, handler, queue, attempts, failures, next_at)
    SELECT institution_id, id, 'portal.tidy', 'bulk', 0, 0, now() FROM event
    """
)


def test_what_stays_is_not_walked_to_find_what_goes(database: Session) -> None:
    """Each batch reads an index that begins with what is deleted, also as the application with row security."""
    for way in ("seqscan", "mergejoin", "hashjoin"):
        database.execute(text(f"SET LOCAL enable_{way} = off"))
    database.execute(MANY)  # with a handful of rows any index is cheap
    used = []
    for table, condition in housekeeping._leftovers(clock.now()):
        query = select(table.id).where(condition).limit(10)
        sql = query.compile(database.get_bind(), compile_kwargs={"literal_binds": True})
        used.append(
            "\n".join(database.scalars(text(f"EXPLAIN {str(sql).replace('%%', '%').replace(':', chr(92) + ':')}")))
        )
    for plan, index in zip(
        used[1:], ("ix_outbox_delivery_done", "ix_outbox_event_spent", "ix_outbox_event_keyed"), strict=True
    ):
        assert index in plan, plan


def test_what_is_past_its_day_is_deleted_and_nothing_else(database: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    old, now = clock.now() - timedelta(days=40), clock.now()
    keys = {"plain": None, "periodic:x:1": "periodic:x:1", "mail:1": "mail:1"}
    for name, key in keys.items():
        for number in range(3):
            unique = None if key is None else f"{key}{number}"
            outbox.publish(MailDue(hash(name) % 1000 + number), key=unique)
    database.execute(update(OutboxEvent).values(at=old))
    database.execute(update(OutboxDelivery).values(done_at=old))
    outbox.publish(MailDue(7))
    open_event = database.scalars(select(func.max(OutboxEvent.id))).one()
    database.execute(update(OutboxEvent).where(OutboxEvent.id == open_event).values(at=old))
    for at in (now - timedelta(hours=25), now):
        database.add(IdempotencyKey(subject="p:1", key=str(at), request_hash=b"x", at=at))
    outbox.publish(HousekeepingDue())
    database.commit()
    turn = database.scalars(select(OutboxDelivery.id).where(OutboxDelivery.handler == "portal.tidy")).one()
    assert deliveries.deliver(1, turn) is True
    left = database.execute(select(OutboxEvent.dedupe_key, OutboxEvent.kind).order_by(OutboxEvent.id)).all()
    assert [tuple(row) for row in left] == [
        ("mail:10", "MailDue"),
        ("mail:11", "MailDue"),
        ("mail:12", "MailDue"),
        (None, "MailDue"),
        (None, "HousekeepingDue"),
    ], "keyed events stay as the proof of their key, open ones stay"
    assert len(database.scalars(select(IdempotencyKey.id)).all()) == 1
