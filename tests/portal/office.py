"""The people who deal with feedback, and reading a matter back as its events say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.outbox import OutboxDelivery, OutboxEvent, subscribers
from app.portal.models import Feedback
from app.portal.queries import feedback as queries
from app.portal.queries.feedback import FeedbackFilter
from app.portal.rules import feedback as rules
from app.portal.rules.feedback import Kind
from app.portal.services.feedback import filing
from app.portal.services.feedback.filing import Said
from tests.factories import accounts, tickets


class Office(tickets.Ground):
    """A ground with a supervisor, a leader, and the dorm manager of its building."""

    def __init__(self) -> None:
        super().__init__()
        self.supervisor = accounts.person("supervisor", name="马主管")
        self.leader = accounts.person("leader", name="韩处长")
        self.manager = accounts.person("dormmanager", name="刘宿管", scope_kind="building", scope_id=self.building.id)
        self.elsewhere = tickets.place("building", "桂园1栋", tickets.place("campus", "北校区"))

    @property
    def staff(self) -> list[Person]:
        return [self.dispatcher, self.supervisor, self.leader, self.manager]


def act(person: Person) -> Actor:
    return accounts.actor(person)


def seen_by(person: Person, now: datetime) -> set[int]:
    return {row.id for row in queries.page(act(person), FeedbackFilter(), now).items}


def status_of(matter: Feedback) -> str:
    rows = queries.thread(matter.id, staff=True)
    assert rules.folded((row.from_state, row.to_state) for row in rows) == matter.status
    return matter.status


def say(office: Office, now: datetime, text: str = "态度不好", **given: Any) -> Feedback:
    """A complaint of the student's."""
    said = Said(kind=Kind.COMPLAINT, text=text, lang="zh-CN", **given)
    return filing.file(actor=act(office.student), now=now, said=said)


def run(database: Session, kind: str, now: datetime) -> None:
    """Deliver the events of a kind, as the relay would, twice."""
    rows = database.execute(
        select(OutboxDelivery.handler, OutboxEvent.payload)
        .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
        .where(OutboxEvent.kind == kind)
    ).all()
    assert rows
    table = subscribers()
    for _twice in range(2):
        for row in rows:
            table.by_name[row.handler].handler(table.load(kind, row.payload), Actor.system(1), now)
