"""Events are written with the change and delivered at least once, handled once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, select, update

from app.core import clock, deliveries, logs, outbox
from app.core.actor import Actor
from app.core.db import db, institution_bound
from app.core.errors import Stale
from app.core.outbox import MAX_ATTEMPTS, OutboxDelivery, Subscribers, Subscription
from app.core.periodic import Periodic, begin_due, period_start
from app.core.settings import SettingValue
from app.core.transaction import steps, transaction
from tests.core.conftest import LampBroke, World


def test_an_event_is_rung_handled_and_done(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    assert world.publish(7)
    assert world.sweep() == 1
    assert world.work()
    (row,) = world.rows()
    assert row.done_at is not None
    assert row.attempts == 1
    assert world.seen == [LampBroke(7)]
    assert world.sweep() == 0


def test_each_handler_has_a_delivery_of_its_own(world: World, collecting: Callable[..., None]) -> None:
    def failing(event: Any, actor: Actor, now: datetime) -> None:
        raise RuntimeError("no ladder")

    world.handle(Subscription("lamps.change", collecting), Subscription("lamps.tell", failing, queue="notices"))
    world.publish()
    world.sweep()
    world.work("notices")
    world.work("dispatch")
    assert [(row.handler, row.done_at is not None) for row in world.rows()] == [
        ("lamps.change", True),
        ("lamps.tell", False),
    ]


def test_what_rolls_back_was_never_published(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))

    def change_and_fail() -> None:
        with world.inside(), transaction():
            outbox.publish(LampBroke(1))
            raise ValueError("after it")

    with pytest.raises(ValueError, match="after it"):
        change_and_fail()
    assert world.rows() == []


def test_an_event_nobody_listens_to_is_kept_without_deliveries(world: World) -> None:
    assert world.publish() is False
    assert world.rows() == []
    assert len(world.rows("SELECT * FROM outbox_event")) == 1


def test_a_failure_waits_longer_each_time_and_is_parked_at_last(world: World) -> None:
    def failing(event: Any, actor: Actor, now: datetime) -> None:
        db.session.add(SettingValue(name="half", value=1, at=now))
        db.session.flush()
        raise RuntimeError("no ladder")

    world.handle(Subscription("lamps.change", failing))
    world.publish()
    (row,) = world.rows()
    waits = []
    for count in range(1, MAX_ATTEMPTS + 1):
        with pytest.raises(RuntimeError):
            world.deliver(row.id)
        (row,) = world.rows("SELECT *, next_at - clock_timestamp() AS wait FROM outbox_delivery")
        assert row.failures == count
        waits.append(round(row.wait.total_seconds()))
    assert waits == list(outbox.BACKOFF_SECONDS)
    assert row.parked_at is not None
    assert row.last_error == "RuntimeError: no ladder"
    world.make_due()
    assert world.sweep() == 0, "a parked delivery is not rung"
    assert world.deliver(row.id) is False
    assert world.rows("SELECT * FROM setting_value") == [], "what a failed handler wrote is gone"


def test_a_delivery_given_thrice_has_one_effect(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    (row,) = world.rows()
    assert [world.deliver(row.id) for _ in range(3)] == [True, False, False]
    assert len(world.seen) == 1


def test_two_copies_at_once_have_one_effect(world: World) -> None:
    entered, go = threading.Event(), threading.Event()

    def slow(event: Any, actor: Actor, now: datetime) -> None:
        world.seen.append(event)
        entered.set()
        assert go.wait(5)

    world.handle(Subscription("lamps.change", slow))
    world.publish()
    (row,) = world.rows()
    first = threading.Thread(target=world.deliver, args=(row.id,))
    first.start()
    assert entered.wait(5)
    assert world.deliver(row.id) is False
    go.set()
    first.join(5)
    assert len(world.seen) == 1
    assert world.rows()[0].done_at is not None


def test_the_request_id_goes_with_the_job_into_every_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    lines: list[tuple[str, str | None]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append((record.getMessage(), logs.request_id.get()))

    failures = iter([RuntimeError("no ladder")])

    def failing_once(event: Any, actor: Actor, now: datetime) -> None:
        logging.getLogger("app.lamps").warning("on the way")
        for error in failures:
            raise error

    world.handle(Subscription("lamps.change", failing_once))
    before = logs.request_id.get()
    token = logs.request_id.set("request-0001")
    world.publish()
    logs.request_id.reset(token)
    (row,) = world.rows()
    keeper = Keep()
    app_log = logging.getLogger("app")
    app_log.addHandler(keeper)
    caplog.set_level(logging.INFO, "app")
    try:
        with world.inside(), pytest.raises(RuntimeError):
            deliveries.deliver(1, row.id)
        with world.inside():
            assert deliveries.deliver(1, row.id) is True
    finally:
        app_log.removeHandler(keeper)
    assert lines == [
        ("on the way", "request-0001"),
        ("delivery failed", "request-0001"),
        ("on the way", "request-0001"),
        ("delivered", "request-0001"),
    ]
    assert logs.request_id.get() == before


def test_a_timer_waits_for_its_instant(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.publish(due=clock.now() + timedelta(hours=1))
    assert world.sweep() == 0
    world.make_due()
    assert world.sweep() == 1


def test_a_clock_that_runs_ahead_holds_nothing_up(world: World, collecting: Callable[..., None]) -> None:
    """What is due at once is due by the database's clock, one event or several; a timer keeps its instant."""
    world.handle(Subscription("lamps.change", collecting))
    ahead = clock.now() + timedelta(hours=3)
    with clock.frozen(ahead):
        world.publish(1)
        with world.inside(), transaction():
            outbox.publish_all([outbox.Pending(LampBroke(2)), outbox.Pending(LampBroke(3), due=ahead)])
    dues = [row.next_at for row in world.rows()]
    assert max(dues) == ahead
    assert sum(due <= clock.now() for due in dues) == 2
    assert world.sweep() == 2


def test_a_key_publishes_once_for_ever(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    assert world.publish(1, key="lamp:1") is True
    assert world.publish(1, key="lamp:1") is False
    assert len(world.rows()) == 1


def test_a_periodic_job_begins_once_a_period(world: World, collecting: Callable[..., None]) -> None:
    @dataclass_event
    class Tick(outbox.Event):
        """The period's event."""

    world.app.extensions["houqin_subscribers"] = Subscribers({Tick: (Subscription("lamps.tick", collecting),)})
    before = world.app.extensions["houqin_periodic"]
    world.app.extensions["houqin_periodic"] = {"tick": Periodic("tick", 60, Tick)}
    moment = datetime(2026, 11, 18, 2, 0, 30, tzinfo=UTC)
    try:
        begun = []
        for at in (moment, moment, moment + timedelta(seconds=29), moment + timedelta(seconds=30)):
            with world.inside(), transaction():
                begun.append(begin_due(at))
    finally:
        world.app.extensions["houqin_periodic"] = before
    assert begun == [1, 0, 0, 1]
    assert period_start(60, moment) == datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


def dataclass_event(cls: Any) -> Any:
    import dataclasses

    return dataclasses.dataclass(frozen=True, slots=True)(cls)


def test_a_stepwise_handler_works_under_a_lease(world: World) -> None:
    def long(event: Any, lease: deliveries.Lease) -> None:
        with steps() as step:
            for number in range(3):
                db.session.add(SettingValue(name=f"step{number}", value=number, at=clock.now()))
                lease.renew()
                step()
        assert world.deliver(lease.delivery_id) is False, "a copy that finds a live lease ends"

    world.handle(Subscription("lamps.long", long, queue="long", stepwise=True))
    world.publish()
    (row,) = world.rows()
    assert world.deliver(row.id) is True
    (row,) = world.rows()
    assert row.done_at is not None
    assert row.lease is None
    assert len(world.rows("SELECT * FROM setting_value")) == 3


def test_a_lost_lease_ends_the_copy_without_a_trace(world: World) -> None:
    def overtaken(event: Any, lease: deliveries.Lease) -> None:
        world.rows("UPDATE outbox_delivery SET lease = 'somebody else'")
        with steps():
            db.session.add(SettingValue(name="late", value=1, at=clock.now()))
            lease.renew()

    world.handle(Subscription("lamps.long", overtaken, stepwise=True))
    world.publish()
    (row,) = world.rows()
    assert world.deliver(row.id) is False
    (row,) = world.rows()
    assert (row.done_at, row.lease, row.failures) == (None, "somebody else", 0)
    assert world.rows("SELECT * FROM setting_value") == []


def test_the_failure_of_an_overtaken_copy_leaves_the_new_lease_alone(world: World) -> None:
    def overtaken(event: Any, lease: deliveries.Lease) -> None:
        world.rows("UPDATE outbox_delivery SET lease = 'somebody else'")
        raise RuntimeError("too late")

    world.handle(Subscription("lamps.long", overtaken, stepwise=True))
    world.publish()
    (row,) = world.rows()
    with pytest.raises(RuntimeError):
        world.deliver(row.id)
    (row,) = world.rows()
    assert (row.lease, row.failures) == ("somebody else", 0)


def test_an_overtaken_copy_that_ends_well_does_not_mark_done(world: World) -> None:
    def overtaken(event: Any, lease: deliveries.Lease) -> None:
        world.rows("UPDATE outbox_delivery SET lease = 'somebody else'")

    world.handle(Subscription("lamps.long", overtaken, stepwise=True))
    world.publish()
    (row,) = world.rows()
    assert world.deliver(row.id) is False
    assert world.rows()[0].done_at is None


def test_a_lease_is_held_during_one_long_step(world: World) -> None:
    def long(event: Any, lease: deliveries.Lease) -> None:
        world.rows("UPDATE outbox_delivery SET lease_until = clock_timestamp() + interval '1 second'")
        with steps():
            db.session.execute(select(OutboxDelivery.id))
            lease.hold()
        (row,) = world.rows("SELECT lease_until - clock_timestamp() AS rest FROM outbox_delivery")
        assert row.rest > timedelta(seconds=50)

    world.handle(Subscription("lamps.long", long, stepwise=True))
    world.publish()
    assert world.deliver(world.rows()[0].id) is True


def test_an_expired_lease_is_taken_over(world: World) -> None:
    def long(event: Any, lease: deliveries.Lease) -> None:
        world.seen.append(lease.token)

    world.handle(Subscription("lamps.long", long, stepwise=True))
    world.publish()
    world.rows("UPDATE outbox_delivery SET lease = 'dead', lease_until = clock_timestamp() - interval '1 second'")
    assert world.deliver(world.rows()[0].id) is True
    assert world.seen != ["dead"]


def test_a_long_job_must_be_stepwise(collecting: Callable[..., None]) -> None:
    with pytest.raises(ValueError, match="must be stepwise"):
        Subscribers({LampBroke: (Subscription("lamps.long", collecting, queue="long"),)})


def test_two_handlers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two handlers are called"):
        Subscribers({LampBroke: (Subscription("lamps.x", print), Subscription("lamps.x", repr))})


def test_who_meets_somebody_else_tries_once_more_at_once(world: World) -> None:
    """A row held by another transaction for longer than the lock time-out, then let go."""
    world.rows("INSERT INTO setting_value (institution_id, name, value, at) VALUES (1, 'held', '1', now())")
    engine = create_engine(world.owner_url)
    holder = engine.connect()
    holder.exec_driver_sql("SELECT id FROM setting_value FOR UPDATE")

    def change(event: Any, actor: Actor, now: datetime) -> None:
        world.seen.append(event)
        if len(world.seen) == 2:
            holder.rollback()
        db.session.execute(update(SettingValue).values(value=2))

    world.handle(Subscription("lamps.change", change))
    world.publish()
    try:
        assert world.deliver(world.rows()[0].id) is True
    finally:
        holder.close()
        engine.dispose()
    assert len(world.seen) == 2
    assert world.rows()[0].failures == 0


def test_a_stale_view_is_looked_at_again_once(world: World) -> None:
    def change(event: Any, actor: Actor, now: datetime) -> None:
        world.seen.append(event)
        raise Stale

    world.handle(Subscription("lamps.change", change))
    world.publish()
    with pytest.raises(Stale):
        world.deliver(world.rows()[0].id)
    assert len(world.seen) == 2
    assert world.rows()[0].failures == 1


def test_an_unknown_handler_is_a_failure_not_a_crash(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    world.handle()
    (row,) = world.rows()
    with pytest.raises(KeyError):
        world.deliver(row.id)
    assert world.rows()[0].failures == 1


def test_an_event_of_an_older_or_newer_release_still_loads(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.publish(3)
    world.rows("""UPDATE outbox_event SET payload = payload - 'at' || '{"colour": "red"}'""")
    assert world.deliver(world.rows()[0].id)
    assert world.seen == [LampBroke(3)]


def test_another_institutions_delivery_is_not_there(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    (row,) = world.rows()
    with world.app.app_context(), institution_bound(2):
        assert deliveries.deliver(2, row.id) is False
    assert world.seen == []
