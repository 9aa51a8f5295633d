"""Catalogue and crews: who may change them, what is refused, what the ranking sees of it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.errors import NotAllowed, NotFound, Rejected
from app.tickets.models import Category, DutyRoster, Shift, TechnicianZone
from app.tickets.queries import candidates
from app.tickets.queries import catalogue as catalogue_queries
from app.tickets.queries import crews as crew_queries
from app.tickets.services import catalogue, crews, ranking_data, technicians
from tests.factories import accounts, tickets

WORDS = {"zh-CN": "门锁", "en": "Lock"}


@pytest.fixture
def ground(database: Session, frozen: datetime) -> tickets.Ground:
    return tickets.Ground()


def test_categories_are_added_changed_and_closed(ground: tickets.Ground, database: Session, now: datetime) -> None:
    admin = accounts.actor(accounts.person("admin"))
    trade = catalogue.add_trade(actor=admin, now=now, code="locks", name=WORDS)
    group = catalogue.add_category(actor=admin, now=now, code="doors", name=WORDS)
    lock = catalogue.add_category(actor=admin, now=now, code="lock", name=WORDS, parent_id=group, trade_id=trade)
    for _twice in range(2):
        catalogue.change_category(actor=admin, now=now, category_id=lock, planned_minutes=45, position=0)
    assert database.get_one(Category, (1, lock)).planned_minutes == 45
    (entry,) = database.scalars(select(AuditEntry).where(AuditEntry.verb == "category.change")).all()
    assert entry.after == {"planned_minutes": 45}  # what stayed as it was is no change
    branch = next(one for one in catalogue_queries.tree(now.date()) if one.code == "doors")
    assert [(one.code, one.trade) for one in branch.children] == [("lock", "locks")]
    with pytest.raises(Rejected):
        catalogue.close_category(actor=admin, now=now, category_id=group)
    catalogue.close_category(actor=admin, now=now, category_id=lock)
    with pytest.raises(NotFound):
        catalogue.change_category(actor=admin, now=now, category_id=lock, planned_minutes=45)
    with pytest.raises(Rejected) as refused:
        ground.file(category="lock")
    assert set(refused.value.fields) == {"category"}
    verbs = set(database.scalars(select(AuditEntry.verb)))
    assert {"trade.add", "category.add", "category.change", "category.close"} <= verbs


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"planned_minutes": 0}, "planned_minutes"),
        ({"impact": "world"}, "impact"),
        ({"emergency": True}, "emergency_phone"),
        ({"parent_id": 10**9}, "parent_id"),
    ],
)
def test_what_a_category_cannot_be(
    ground: tickets.Ground, now: datetime, values: dict[str, object], field: str
) -> None:
    admin = accounts.actor(accounts.person("admin"))
    with pytest.raises(Rejected) as refused:
        catalogue.add_category(actor=admin, now=now, code="x", name=WORDS, **values)
    assert set(refused.value.fields) == {field}


def test_a_category_does_not_stand_below_itself(ground: tickets.Ground, now: datetime) -> None:
    admin = accounts.actor(accounts.person("admin"))
    above = catalogue.add_category(actor=admin, now=now, code="a", name=WORDS)
    below = catalogue.add_category(actor=admin, now=now, code="b", name=WORDS, parent_id=above)
    with pytest.raises(Rejected):
        catalogue.change_category(actor=admin, now=now, category_id=above, parent_id=below)
    with pytest.raises(TypeError):
        catalogue.change_category(actor=admin, now=now, category_id=above, colour="red")


def test_only_those_with_the_right_change_master_data(ground: tickets.Ground, now: datetime) -> None:
    student = accounts.actor(ground.student)
    with pytest.raises(NotAllowed):
        catalogue.add_trade(actor=student, now=now, code="x", name=WORDS)
    with pytest.raises(NotAllowed):
        crews.end_technician(actor=student, now=now, person_id=ground.student.id)


def test_a_category_has_at_most_four_above_it(ground: tickets.Ground, now: datetime) -> None:
    admin = accounts.actor(accounts.person("admin"))
    parent_id: int | None = None
    for code in "abcde":
        parent_id = catalogue.add_category(actor=admin, now=now, code=code, name=WORDS, parent_id=parent_id)
    with pytest.raises(Rejected) as refused:
        catalogue.add_category(actor=admin, now=now, code="f", name=WORDS, parent_id=parent_id)
    assert set(refused.value.fields) == {"parent_id"}


def test_what_nobody_has_cannot_end(ground: tickets.Ground, now: datetime) -> None:
    person, nobody = ground.technician(), accounts.person("technician")
    given = {"actor": accounts.actor(ground.dispatcher), "now": now}
    for act, what in (
        (technicians.end_zone, {"person_id": person.id, "place_id": ground.room.id}),
        (technicians.end_shift, {"person_id": person.id, "shift_id": 10**9}),
        (technicians.end_absence, {"person_id": person.id, "absence_id": 10**9}),
        (technicians.end, {"person_id": nobody.id}),
        (ranking_data.take, {"person_id": person.id, "held_id": 10**9}),
        (ranking_data.take, {"person_id": nobody.id, "held_id": 10**9}),
    ):
        with pytest.raises(NotFound):
            act(**given, **what)


def test_a_zone_that_ended_begins_again(ground: tickets.Ground, database: Session, now: datetime) -> None:
    person = ground.technician()
    given = {"actor": accounts.actor(ground.dispatcher), "now": now, "person_id": person.id}
    technicians.end_zone(place_id=ground.campus.id, **given)
    technicians.add_zone(place_id=ground.campus.id, **given)
    row = database.scalars(select(TechnicianZone).where(TechnicianZone.person_id == person.id)).one()
    assert row.valid_to is None


def test_technicians_are_admitted_planned_and_ended(ground: tickets.Ground, database: Session, now: datetime) -> None:
    dispatcher = accounts.actor(ground.dispatcher)
    person = accounts.person("technician")
    given = {"actor": dispatcher, "now": now, "person_id": person.id}
    technicians.admit(cap=3, **given)
    technicians.set_cap(cap=4, **given)
    technicians.set_trade(trade_id=ground.trade.id, level=3, **given)
    technicians.add_zone(place_id=ground.building.id, **given)
    round_the_clock = technicians.ShiftPlan(starts=time(0), ends=time(0), weekdays=tuple(range(7)))
    technicians.add_shifts(plan=round_the_clock, **given)
    assert len(database.scalars(select(Shift.id).where(Shift.person_id == person.id)).all()) == 7
    (found,) = candidates.technicians(trade_id=ground.trade.id, now=now, zone="Asia/Shanghai")
    assert (found.cap, found.trades, found.zones) == (4, {"water": 3}, {ground.building.id})
    crews.add_absence(actor=dispatcher, now=now, person_id=person.id, starts_at=now, ends_at=now + timedelta(hours=1))
    (found,) = candidates.technicians(trade_id=ground.trade.id, now=now, zone="Asia/Shanghai")
    assert len(found.absences) == 1
    with pytest.raises(Rejected):
        crews.add_absence(actor=dispatcher, now=now, person_id=person.id, starts_at=now, ends_at=now)
    for wrong in (
        lambda: technicians.set_cap(cap=-1, **given),
        lambda: technicians.set_trade(trade_id=ground.trade.id, level=4, **given),
        lambda: technicians.set_trade(trade_id=10**9, level=1, **given),
        lambda: technicians.admit(cap=1, **given),
        lambda: technicians.add_shifts(
            plan=technicians.ShiftPlan(starts=time(0), ends=time(0), weekdays=(0,), kind="standby"), **given
        ),
    ):
        with pytest.raises(Rejected):
            wrong()
    for _twice in range(2):
        crews.end_technician(actor=dispatcher, now=now, person_id=person.id)
    ended = select(AuditEntry.id).where(AuditEntry.verb == "technician.end")
    assert len(database.scalars(ended).all()) == 1
    assert candidates.technicians(trade_id=ground.trade.id, now=now, zone=None) == []


def test_somebody_always_leads(ground: tickets.Ground, database: Session, now: datetime) -> None:
    def leads() -> tuple[int, ...]:
        return crew_queries.duty_leads(campus_id=ground.campus.id, trade_id=ground.trade.id, now=now)

    assert leads() == (ground.dispatcher.id,)
    dispatcher = accounts.actor(ground.dispatcher)
    general, special = accounts.person("dutylead"), accounts.person("dutylead")
    crews.set_duty_lead(actor=dispatcher, now=now, person_id=general.id, starts_at=now)
    assert leads() == (general.id,)
    crews.set_duty_lead(
        actor=dispatcher,
        now=now,
        person_id=special.id,
        campus_id=ground.campus.id,
        trade_id=ground.trade.id,
        starts_at=now,
        ends_at=now + timedelta(hours=8),
    )
    assert leads() == (special.id,)
    responsible = crew_queries.responsible(
        assignee_id=None, dispatcher_id=None, campus_id=ground.campus.id, trade_id=ground.trade.id, now=now
    )
    assert responsible == (special.id,)


def test_a_duty_that_has_not_begun_is_taken_back(ground: tickets.Ground, database: Session, now: datetime) -> None:
    given = {"now": now, "person_id": accounts.person("dutylead").id, "trade_id": None, "ends_at": None}
    planner, far = accounts.actor(ground.dispatcher), tickets.place("campus", "北校区")
    duty = technicians.set_duty_lead(
        actor=planner, starts_at=now + timedelta(days=1), campus_id=ground.campus.id, **given
    )
    technicians.end_duty(actor=planner, now=now, duty_id=duty)
    assert database.scalars(select(DutyRoster)).all() == []
    elsewhere = accounts.actor(accounts.person("supervisor", scope_kind="campus", scope_id=far.id))
    for campus_id in (ground.campus.id, None):
        with pytest.raises(Rejected) as refused:
            technicians.set_duty_lead(actor=elsewhere, starts_at=now, campus_id=campus_id, **given)
        assert set(refused.value.fields) == {"campus"}
