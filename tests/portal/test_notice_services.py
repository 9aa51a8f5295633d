"""Notices against the database: whom they concern, what is kept of them, who may write them, what becomes of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.audit.models import AuditEntry
from app.core import clock
from app.core.actor import Actor
from app.core.deliveries import Lease
from app.core.errors import Conflict, NotFound, Rejected, Stale
from app.core.outbox import OutboxDelivery, OutboxEvent
from app.events.notices import NoticeOver, NoticePublished
from app.notifications.models import Notification
from app.portal.handlers import notices as handlers
from app.portal.models import Notice, NoticePlace, NoticeRead, NoticeVersion
from app.portal.queries import notices as queries
from app.portal.queries import readers
from app.portal.rules.notices import Kind, Status
from app.portal.services import notices as services
from app.sites.models import Place
from tests.factories import accounts, notices, sites

HOUR = timedelta(hours=1)


class Campus:
    """Two campuses, a quarter with two buildings, people who live, work and are nowhere."""

    def __init__(self) -> None:
        self.south, self.north = sites.campus("南校区"), sites.campus("北校区")
        self.quarter = sites.zone(self.south, "桃园")
        self.one, self.two = (sites.building(self.quarter, name) for name in ("桃园1", "桃园2"))
        self.floor = sites.floor(self.one, "4层")
        self.room = sites.room(self.floor, "412")
        self.other = sites.building(self.north, "桂园1")
        self.lin, self.he = accounts.person("student"), accounts.person("student")
        accounts.home(self.lin, self.room.id)
        accounts.home(self.he, self.other.id)
        self.teacher = accounts.person("teacher")
        self.manager = accounts.person("dormmanager", scope_kind="building", scope_id=self.two.id)
        self.chief = accounts.person("supervisor", scope_kind="campus", scope_id=self.south.id)
        self.dispatcher = accounts.person("dispatcher")
        self.people = (self.lin, self.he, self.teacher, self.manager, self.chief, self.dispatcher)
        self.places = (self.south, self.north, self.quarter, self.one, self.two, self.floor, self.room, self.other)


@pytest.fixture
def campus(database: Session, frozen: datetime) -> Campus:
    return Campus()


def who_sees(campus: Campus, notice: Notice, now: datetime) -> set[int]:
    return {
        person.id
        for person in campus.people
        if any(row.id == notice.id for row in queries.shown(readers.reader_of(accounts.actor(person)), now).items)
    }


def test_a_notice_finds_its_readers(campus: Campus, now: datetime) -> None:
    lin, he, teacher, manager, chief, dispatcher = (person.id for person in campus.people)
    nowhere = {teacher, dispatcher}
    assert who_sees(campus, notices.notice(), now) == {person.id for person in campus.people}
    expected: list[tuple[Place, set[int]]] = [
        (campus.south, {lin, manager, chief}),
        (campus.north, {he}),
        (campus.quarter, {lin, manager, chief}),
        (campus.one, {lin, chief}),
        (campus.two, {manager, chief}),
        (campus.floor, {lin, chief}),
        (campus.other, {he}),
    ]
    for place, near in expected:
        assert who_sees(campus, notices.notice(places=[place]), now) == near | nowhere, place.name
    assert who_sees(campus, notices.notice(places=[campus.two, campus.other]), now) == {he, manager, chief} | nowhere
    assert who_sees(campus, notices.notice(roles=("student",)), now) == {lin, he}
    assert who_sees(campus, notices.notice(places=[campus.one], roles=("student", "teacher")), now) == {lin, teacher}


def test_the_writers_count_is_what_the_readers_see(campus: Campus, now: datetime) -> None:
    """`audience` and `concerning` are written apart; for every place and role they name the same people."""
    today = now.date()
    everybody = {person.id for person in campus.people}
    for places, roles in product(
        [(), *((place,) for place in campus.places), (campus.one, campus.other)],
        [(), ("student",), ("dormmanager", "teacher"), ("admin",)],
    ):
        ids = [place.id for place in places]
        notice = notices.notice(places=places, roles=roles) if roles != ("admin",) else None
        found = set(readers.some(ids, roles, today, after=0, limit=100))
        assert readers.count(ids, roles, today) == len(found)
        if notice is not None:
            assert found & everybody == who_sees(campus, notice, now), (places, roles)
        else:
            assert not found & everybody


def test_who_cannot_sign_in_is_not_counted(campus: Campus, now: datetime) -> None:
    before = readers.count([], [], now.date())
    campus.lin.disabled_at = now
    campus.he.username = None
    assert readers.count([], [], now.date()) == before - 2


def test_a_life_leaves_its_versions(campus: Campus, database: Session, now: datetime) -> None:
    actor = accounts.actor(campus.dispatcher)
    written = services.write(actor=actor, now=now, content=notices.content(places=[campus.one]))
    assert (written.status, written.version) == (Status.DRAFT, 1)
    services.change(
        actor=actor, now=now, notice_id=written.id, content=notices.content(places=[campus.one, campus.two]), seen=1
    )
    assert database.scalars(select(NoticeVersion)).all() == []  # nobody was told yet
    with pytest.raises(Stale):
        services.publish(actor=actor, now=now, notice_id=written.id, seen=1)
    services.publish(actor=actor, now=now, notice_id=written.id, seen=2)
    later = now + HOUR
    services.change(
        actor=actor,
        now=later,
        notice_id=written.id,
        content=notices.content(title={"en": "Changed"}, places=[campus.two]),
        seen=3,
    )
    services.end(actor=actor, now=later, notice_id=written.id, seen=4)
    rows = database.scalars(select(NoticeVersion).order_by(NoticeVersion.version)).all()
    assert [(row.version, row.act, row.content["title"]) for row in rows] == [
        (3, "publish", {"zh-CN": "停水通知", "en": "About water"}),
        (4, "change", {"en": "Changed"}),
        (5, "end", {"en": "Changed"}),
    ]
    assert rows[0].content["places"] == [campus.one.id, campus.two.id]
    verbs = database.scalars(
        select(AuditEntry.verb).where(AuditEntry.object_kind == "notice").order_by(AuditEntry.id)
    ).all()
    assert verbs == ["notice.write", "notice.change", "notice.publish", "notice.change", "notice.end"]
    for act in (services.publish, services.end):
        with pytest.raises(Conflict):
            act(actor=actor, now=later, notice_id=written.id, seen=None)
    with pytest.raises(Conflict):
        services.discard(actor=actor, now=later, notice_id=written.id, seen=None)


def test_a_draft_can_be_thrown_away(campus: Campus, database: Session, now: datetime) -> None:
    draft = notices.draft(places=[campus.one])
    services.discard(actor=accounts.actor(campus.dispatcher), now=now, notice_id=draft.id, seen=1)
    assert database.scalars(select(Notice)).all() == []
    assert database.scalars(select(NoticePlace)).all() == []


def test_a_dorm_manager_writes_for_his_buildings_alone(campus: Campus, now: datetime) -> None:
    actor = accounts.actor(campus.manager)
    own = services.write(actor=actor, now=now, content=notices.content(places=[campus.two]))
    for places in ([], [campus.one], [campus.two, campus.one], [campus.quarter]):
        with pytest.raises(Rejected) as refused:
            services.write(actor=actor, now=now, content=notices.content(places=places))
        assert set(refused.value.fields) == {"places"}
    foreign = notices.draft(places=[campus.two, campus.one])
    everywhere = notices.draft()
    for notice in (foreign, everywhere):
        assert queries.for_writer(actor, notice.id) is None
        with pytest.raises(NotFound):
            services.publish(actor=actor, now=now, notice_id=notice.id, seen=None)
    assert [row.id for row in queries.desk(actor, now, "draft").items] == [own.id]
    assert [place.id for place in queries.targets(actor, now.date())] == [campus.two.id]
    chief = accounts.actor(campus.chief)
    assert {row.id for row in queries.desk(chief, now, "draft").items} == {own.id, foreign.id}
    named = [place.name for place in queries.targets(accounts.actor(campus.dispatcher), now.date())]
    assert named.index("南校区") < named.index("桃园") < named.index("桃园1") < named.index("桃园2")


def test_closed_places_and_unknown_roles_are_refused(campus: Campus, now: datetime) -> None:
    actor = accounts.actor(campus.dispatcher)
    campus.one.valid_to = now.date()
    with pytest.raises(Rejected) as refused:
        services.write(actor=actor, now=now, content=notices.content(places=[campus.one], roles=("nobody",)))
    assert set(refused.value.fields) == {"places", "roles"}


def test_reading_is_remembered_until_readers_are_told_again(campus: Campus, now: datetime) -> None:
    actor, reader = accounts.actor(campus.dispatcher), readers.reader_of(accounts.actor(campus.lin))
    notice = notices.notice(places=[campus.one])
    assert queries.unread(reader, now) == 1
    for _twice in range(2):
        services.note_read(person_id=campus.lin.id, notice_id=notice.id, version=notice.version, now=now)
    assert queries.unread(reader, now) == 0
    assert queries.shown(reader, now).items[0].read
    content = services.content_of(notice)
    services.change(actor=actor, now=now, notice_id=notice.id, content=content, seen=None)
    assert queries.unread(reader, now) == 0
    services.change(actor=actor, now=now, notice_id=notice.id, content=content, seen=None, again=True)
    assert queries.unread(reader, now) == 1
    assert queries.desk(actor, now, "current").items[0].readers == 0


def test_home_shows_what_presses_and_what_is_new(campus: Campus, database: Session, now: datetime) -> None:
    reader = readers.reader_of(accounts.actor(campus.lin))
    read = notices.notice(places=[campus.one])
    outage = notices.notice(Kind.OUTAGE, places=[campus.quarter])
    far = notices.notice(
        Kind.OUTAGE, places=[campus.one], starts_at=now + timedelta(days=9), ends_at=now + timedelta(days=10)
    )
    urgent = notices.notice(Kind.URGENT)
    notices.notice(Kind.OUTAGE, places=[campus.other])
    for notice in (read, outage, far, urgent):
        services.note_read(person_id=campus.lin.id, notice_id=notice.id, version=notice.version, now=now)
    new = notices.notice(places=[campus.floor])
    assert [row.id for row in queries.for_home(reader, now, 5)] == [urgent.id, outage.id, new.id]
    there = readers.standing_at(campus.room.id, accounts.actor(campus.he))
    assert {row.id for row in queries.at_place(there, now)} == {urgent.id, outage.id}
    assert [row.id for row in queries.at_place(readers.standing_at(campus.two.id, Actor.anonymous(1)), now)] == [
        urgent.id,
        outage.id,
    ]


def test_what_is_planned_waits_and_what_is_over_ends_by_itself(
    campus: Campus, database: Session, now: datetime
) -> None:
    reader = readers.reader_of(accounts.actor(campus.lin))
    notice = notices.notice(shown_from=now + HOUR, shown_until=now + 3 * HOUR)
    assert queries.shown(reader, now).items == []
    assert [row.id for row in queries.shown(reader, now + HOUR).items] == [notice.id]
    event, due = timer(database, NoticeOver)
    assert due == now + 3 * HOUR + timedelta(seconds=1)
    system = Actor.system(1)
    handlers.end_notice(NoticeOver(**event), system, now + 2 * HOUR)  # early: it does nothing
    assert notice.status == Status.PUBLISHED
    assert queries.shown(reader, now + 3 * HOUR).items == []
    for _twice in range(2):
        handlers.end_notice(NoticeOver(**event), system, due)
    assert (notice.status, notice.ended_at, notice.ended_by) == (Status.ENDED, due, None)
    assert [row.id for row in queries.over(reader, due).items] == [notice.id]


def test_what_is_moved_before_it_was_shown_is_told_when_it_is_shown(
    campus: Campus, database: Session, now: datetime
) -> None:
    notice = notices.notice(Kind.URGENT, places=[campus.one], shown_from=now + HOUR, shown_until=now + 9 * HOUR)
    first = notice.version
    lin = accounts.actor(campus.lin)
    assert queries.one(lin, notice.id, now) is None, "planned ones are for their writers"
    assert queries.one(lin, notice.id, now + HOUR) is not None
    content = replace(services.content_of(notice), shown_from=now + 3 * HOUR)
    services.change(actor=Actor.system(1), now=now, notice_id=notice.id, content=content, seen=None)
    assert queries.to_tell(notice.id, first, now + HOUR) is None, "the first timer tells nobody"
    assert queries.to_tell(notice.id, notice.version, now + HOUR) is None
    assert queries.to_tell(notice.id, notice.version, now + 3 * HOUR) is not None
    due = database.scalars(
        select(OutboxDelivery.next_at)
        .join(OutboxEvent, OutboxDelivery.event_id == OutboxEvent.id)
        .where(OutboxEvent.kind == NoticePublished.__name__)
        .order_by(OutboxDelivery.id)
    ).all()
    assert due == [now + HOUR, now + 3 * HOUR]


def test_what_lies_in_the_past_is_not_published(campus: Campus, now: datetime) -> None:
    draft = notices.draft(Kind.OUTAGE, starts_at=now - 3 * HOUR, ends_at=now - HOUR)
    with pytest.raises(Rejected) as refused:
        services.publish(actor=Actor.system(1), now=now, notice_id=draft.id, seen=None)
    assert set(refused.value.fields) == {"ends_at"}


def timer(database: Session, event: type) -> tuple[dict[str, int], datetime]:
    row = database.execute(
        select(OutboxEvent.payload, OutboxDelivery.next_at)
        .join(OutboxDelivery, OutboxDelivery.event_id == OutboxEvent.id)
        .where(OutboxEvent.kind == event.__name__)
    ).one()
    return row.payload, row.next_at


def lease_on(database: Session, event: type) -> Lease:
    delivery = database.scalars(
        select(OutboxDelivery)
        .join(OutboxEvent, OutboxDelivery.event_id == OutboxEvent.id)
        .where(OutboxEvent.kind == event.__name__)
    ).one()
    delivery.lease = "mine"
    database.flush()
    return Lease(delivery.id, "mine", Actor.system(1))


def test_readers_are_told_once(
    campus: Campus, database: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage goes to the inboxes of those it concerns, in steps; a second run tells nobody twice."""
    monkeypatch.setattr(handlers, "TOLD_AT_ONCE", 2)
    notice = notices.notice(Kind.OUTAGE, places=[campus.one])
    lease = lease_on(database, NoticePublished)
    for _twice in range(2):
        handlers.tell_readers(NoticePublished(notice.id, notice.version), lease)
    told = database.scalars(select(Notification.person_id).where(Notification.kind == "notice-outage")).all()
    assert sorted(told) == sorted(who_sees(campus, notice, now))
    line = database.scalars(select(Notification)).first()
    assert line is not None
    assert line.link == f"/notices/{notice.id}"


def test_nobody_is_told_of_what_has_ended(campus: Campus, database: Session, now: datetime) -> None:
    notice = notices.notice(Kind.URGENT)
    lease = lease_on(database, NoticePublished)
    services.end(actor=Actor.system(1), now=now, notice_id=notice.id, seen=None)
    handlers.tell_readers(NoticePublished(notice.id, 2), lease)
    assert database.scalars(select(Notification)).all() == []


def test_information_waits_on_the_home_page(campus: Campus, database: Session) -> None:
    notices.notice(Kind.INFORMATION)
    assert database.scalars(select(OutboxEvent).where(OutboxEvent.kind == "NoticePublished")).all() == []


def test_two_who_read_at_once_leave_one_mark(campus: Campus, database: Session, now: datetime) -> None:
    notice, person = notices.notice(), campus.lin
    services.note_read(person_id=person.id, notice_id=notice.id, version=5, now=now)
    services.note_read(person_id=person.id, notice_id=notice.id, version=3, now=now)
    assert database.scalars(select(NoticeRead.version)).all() == [5]


def test_an_account_of_another_time_is_no_reader(database: Session, now: datetime) -> None:
    with clock.frozen(now):
        gone = accounts.person("student", valid_to=now.date())
    assert isinstance(gone, Person)
    assert gone.id not in readers.some([], [], now.date(), after=0, limit=1000)
