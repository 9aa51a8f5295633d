"""Who is told, once, and who gets mail."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core.errors import NotFound, Rejected
from app.core.outbox import OutboxDelivery
from app.notifications import queries, services
from app.notifications.models import Notification, NotificationDelivery
from tests.factories import accounts
from tests.factories import notifications as factory


@pytest.fixture
def lin(database: Session) -> Person:
    person = accounts.person("student", username="lin", name="林同学")
    person.email = "lin@example.edu"
    database.flush()
    return person


def tell(person: Person, now: datetime, kind: str = "ticket-resolved", key: str = "cause:1") -> int:
    return services.notify([person.id, None, person.id], kind, factory.DATA, "/tickets/1", now, key=key)


def test_one_cause_tells_a_person_once(database: Session, lin: Person, now: datetime) -> None:
    assert tell(lin, now) == 1
    assert tell(lin, now) == 0
    assert tell(lin, now, key="cause:2") == 1
    assert [line.kind for line in queries.inbox(lin.id, None).items] == ["ticket-resolved"] * 2


def test_nobody_to_tell_is_nothing_to_do(database: Session, now: datetime) -> None:
    assert services.notify([None], "ticket-closed", {}, None, now, key="x") == 0


def test_mail_is_ordered_where_the_kind_wants_it(database: Session, lin: Person, now: datetime) -> None:
    tell(lin, now, "ticket-accepted", "a")
    assert database.scalars(select(NotificationDelivery)).all() == []
    tell(lin, now, "ticket-resolved", "b")
    (delivery,) = database.scalars(select(NotificationDelivery)).all()
    assert (delivery.state, delivery.address) == ("waiting", "l***@example.edu")
    (turn,) = database.scalars(select(OutboxDelivery)).all()
    assert (turn.handler, turn.queue) == ("notifications.mail", "notices")


def test_somebodys_choice_wins(database: Session, lin: Person, now: datetime) -> None:
    services.choose(lin.id, {"ticket-resolved": False, "ticket-accepted": True})
    services.choose(lin.id, {"ticket-resolved": False, "ticket-accepted": True})
    tell(lin, now, "ticket-resolved", "a")
    tell(lin, now, "ticket-accepted", "b")
    told = database.scalars(
        select(Notification.kind).join(NotificationDelivery, Notification.id == NotificationDelivery.notification_id)
    ).all()
    assert told == ["ticket-accepted"]


def test_a_demanded_kind_leaves_no_choice(database: Session, lin: Person, now: datetime) -> None:
    for code in ("duty-lead-called", "no-such-kind"):
        with pytest.raises(Rejected):
            services.choose(lin.id, {code: False})
    services.choose(lin.id, {})


def test_without_an_address_there_is_no_mail(database: Session, lin: Person, now: datetime) -> None:
    lin.email = None
    database.flush()
    tell(lin, now)
    assert database.scalars(select(NotificationDelivery)).all() == []


def test_reading_is_noted_once_and_only_for_ones_own(database: Session, lin: Person, now: datetime) -> None:
    line = factory.notification(lin.id)
    other = accounts.person("student")
    with pytest.raises(NotFound):
        services.mark_read(other.id, line.id, now)
    services.mark_read(lin.id, line.id, now)
    services.mark_read(lin.id, line.id, now.replace(hour=9))
    assert line.read_at == now


def test_all_read_leaves_what_came_meanwhile(database: Session, lin: Person, now: datetime) -> None:
    shown = [factory.notification(lin.id) for _ in range(3)][-1]
    later = factory.notification(lin.id)
    assert services.mark_all_read(lin.id, now, up_to=shown.id) == 3
    assert queries.unread(lin.id) == 1
    assert [line.id for line in queries.inbox(lin.id, None, unread=True).items] == [later.id]
