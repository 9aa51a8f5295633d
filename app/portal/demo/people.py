"""The people of the demo campus: fifteen logins, a crew, students. None of them exists.

Names are drawn from short lists by the seed; account names of all but the logins are numbers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from app.accounts.models import (
    Crew,
    CrewMember,
    OrgMembership,
    OrgUnit,
    Person,
    PersonHome,
    PersonIdentifier,
    Role,
    RoleGrant,
)
from app.accounts.services import people as people_services
from app.core.db import db
from app.sites.models import Place
from app.tickets.models import DutyRoster, Shift, TechnicianProfile, TechnicianTrade, TechnicianZone

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
_PAIRS = "雨涵子轩梓萱浩然欣怡宇航思远若曦俊杰诗琪明哲静怡文博佳宁志远晓彤嘉豪雅琪天佑慧敏"
GIVEN = [_PAIRS[at : at + 2] for at in range(0, len(_PAIRS), 2)]
STUDENTS = 72

# username → (name, role, scope)
LOGINS: tuple[tuple[str, str, str, str], ...] = (
    ("student", "林一诺", "student", "institution"),
    ("student2", "何嘉宁", "student", "institution"),
    ("technician", "王师傅", "technician", "institution"),
    ("technician2", "陈师傅", "technician", "institution"),
    ("contractor", "外协刘工", "contractor", "institution"),
    ("dispatcher", "周调度", "dispatcher", "institution"),
    ("dispatcher2", "唐调度", "dispatcher", "campus:N"),
    ("supervisor", "马主管", "supervisor", "institution"),
    ("dormmanager", "刘宿管", "dormmanager", "building:TY3,TY4"),
    ("registry", "郑学籍", "registry", "institution"),
    ("counsellor", "方辅导", "counsellor", "institution"),
    ("energy", "高能源", "energy", "institution"),
    ("finance", "钱财务", "finance", "institution"),
    ("leader", "韩处长", "leader", "institution"),
    ("admin", "管理员", "admin", "institution"),
)

# name, trades with level, zone, (starts, ends) of the weekdays
CREW: tuple[tuple[str, dict[str, int], str, tuple[int, int]], ...] = (
    ("李师傅", {"plumbing": 3}, "S", (8, 17)),
    ("赵师傅", {"plumbing": 2, "civil": 1}, "S", (9, 18)),
    ("吴师傅", {"electric": 3, "network": 1}, "S", (8, 17)),
    ("孙师傅", {"electric": 2}, "N", (8, 17)),
    ("郑师傅", {"carpentry": 3, "civil": 2}, "S", (8, 17)),
    ("冯师傅", {"carpentry": 2, "plumbing": 1}, "N", (9, 18)),
    ("沈师傅", {"hvac": 3, "electric": 1}, "S", (8, 17)),
    ("许师傅", {"network": 3}, "S", (9, 18)),
)
WEEKDAYS, TO_SUNDAY = (0, 1, 2, 3, 4), (2, 3, 4, 5, 6)
# the two somebody plays, until the moment of seeding: trades, days, hours (`hands.open_up` says what comes then)
PLAYED: dict[str, tuple[dict[str, int], tuple[int, ...], tuple[int, int]]] = {
    "technician": (
        {"plumbing": 3, "electric": 3, "carpentry": 2, "hvac": 2, "network": 2, "civil": 2},
        WEEKDAYS,
        (8, 17),
    ),
    "technician2": (
        {"plumbing": 2, "electric": 2, "carpentry": 3, "hvac": 3, "network": 2, "civil": 2},
        TO_SUNDAY,
        (13, 22),
    ),
}
CAP = 8
# where the offices are in which these logins work
OFFICES = {
    "registry": "XZ-201",
    "counsellor": "XZ-202",
    "energy": "XZ-203",
    "finance": "XZ-204",
    "leader": "XZ-301",
}


@dataclass
class Cast:
    """Who plays: ids by account name, the students, the technicians."""

    logins: dict[str, Person] = field(default_factory=dict)
    students: list[Person] = field(default_factory=list)
    technicians: list[Person] = field(default_factory=list)
    homes: dict[int, int] = field(default_factory=dict)


def build(rng: random.Random, rooms: list[str], trades: dict[str, int], password_hash: str, now: datetime) -> Cast:
    """Write all people with roles, homes, units, crews, shifts."""
    cast = Cast()
    places = {place.code: place for place in db.session.scalars(select(Place))}
    roles = {role.code: role.id for role in db.session.scalars(select(Role))}
    term = now.date() - timedelta(days=75)
    for number, (username, name, role, scope) in enumerate(LOGINS, 1):
        person = _person(name, username, password_hash)
        cast.logins[username] = person
        _number(
            person,
            "student_no" if role == "student" else "staff_no",
            f"{'2025' if role == 'student' else 'G'}{number:06d}",
        )
        kind, _colon, codes = scope.partition(":")
        for code in codes.split(",") if codes else [None]:
            place = places[code] if code else None
            db.session.add(
                RoleGrant(
                    person_id=person.id, role_id=roles[role], scope_kind=kind, scope_id=place.id if place else None
                )
            )
    cast.students = [cast.logins["student"], cast.logins["student2"]]
    for number in range(STUDENTS):
        person = _person(rng.choice(SURNAMES) + rng.choice(GIVEN), f"2025{number + 100:06d}", None)
        _number(person, "student_no", f"2025{number + 100:06d}")
        db.session.add(
            RoleGrant(person_id=person.id, role_id=roles["student"], scope_kind="institution", scope_id=None)
        )
        cast.students.append(person)
    _homes(cast, rooms, places, term)
    _offices(cast, places, term)
    _units(rng, cast, term)
    _crews(cast, places, roles, trades, term, now)
    db.session.flush()
    for person in db.session.scalars(select(Person)):
        people_services.refresh_keys(person)
    db.session.flush()
    return cast


def _person(name: str, username: str, password_hash: str | None) -> Person:
    address = f"{username}@campus.example"  # a domain nobody can have: the demo's mail is kept, never sent
    person = Person(name=name, username=username, password_hash=password_hash, phone=None, email=address)
    db.session.add(person)
    db.session.flush()
    return person


def _number(person: Person, kind: str, value: str) -> None:
    db.session.add(PersonIdentifier(person_id=person.id, kind=kind, value=value))


def _homes(cast: Cast, rooms: list[str], places: dict[str, Place], term: date) -> None:
    """Two of the logins share Taoyuan 3, room 412's neighbour by number; the others fill rooms evenly."""
    chosen = ["TY3-408", "TY3-407", *(rooms[i * len(rooms) // STUDENTS] for i in range(STUDENTS))]
    for person, code in zip(cast.students, chosen, strict=True):
        place = places[code]
        cast.homes[person.id] = place.id
        db.session.add(PersonHome(person_id=person.id, place_id=place.id, during=Range(term, None)))


def _offices(cast: Cast, places: dict[str, Place], term: date) -> None:
    for username, code in OFFICES.items():
        person, place = cast.logins[username], places[code]
        cast.homes[person.id] = place.id
        db.session.add(PersonHome(person_id=person.id, place_id=place.id, during=Range(term, None)))


def _units(rng: random.Random, cast: Cast, term: date) -> None:
    classes: list[OrgUnit] = []
    for code, name, majors in (
        ("08", "机械学院", ("机械工程", "车辆工程")),
        ("09", "信息学院", ("计算机", "电子信息")),
        ("11", "外语学院", ("英语",)),
    ):
        college = OrgUnit(kind="college", code=code, name=name)
        db.session.add(college)
        db.session.flush()
        for index, title in enumerate(majors, 1):
            major = OrgUnit(kind="major", code=f"{code}{index:02d}", name=title, parent_id=college.id)
            db.session.add(major)
            db.session.flush()
            for group in (1, 2):
                unit = OrgUnit(
                    kind="class", code=f"{code}{index:02d}25{group:02d}", name=f"{title} 250{group}", parent_id=major.id
                )
                db.session.add(unit)
                classes.append(unit)
    db.session.flush()
    for person in cast.students:
        db.session.add(OrgMembership(person_id=person.id, org_unit_id=rng.choice(classes).id, during=Range(term, None)))


def _crews(
    cast: Cast, places: dict[str, Place], roles: dict[str, int], trades: dict[str, int], term: date, now: datetime
) -> None:
    own = Crew(code="OWN", name={"zh-CN": "水电木综合班", "en": "House crew"}, valid_from=term)
    foreign = Crew(code="EXT", name={"zh-CN": "外协单位", "en": "Contractor"}, contractor=True, valid_from=term)
    db.session.add_all([own, foreign])
    db.session.flush()
    for username, (skills, days, hours) in PLAYED.items():
        person = cast.logins[username]
        _technician(person, skills, ("S", "N"), hours, CAP, places, trades, days)
        db.session.add(CrewMember(crew_id=own.id, person_id=person.id, valid_from=term))
        cast.technicians.append(person)
    contractor = cast.logins["contractor"]
    _technician(contractor, {"hvac": 3, "civil": 3}, ("N",), (9, 17), 5, places, trades, WEEKDAYS)
    db.session.add(CrewMember(crew_id=foreign.id, person_id=contractor.id, valid_from=term))
    cast.technicians.append(contractor)
    for index, (name, skills, zone, hours) in enumerate(CREW):
        person = _person(name, f"G9{index:05d}", None)
        db.session.add(
            RoleGrant(person_id=person.id, role_id=roles["technician"], scope_kind="institution", scope_id=None)
        )
        _technician(person, skills, (zone,), hours, CAP, places, trades, TO_SUNDAY if index % 3 == 0 else WEEKDAYS)
        db.session.add(CrewMember(crew_id=own.id, person_id=person.id, valid_from=term))
        cast.technicians.append(person)
    lead = cast.logins["supervisor"]
    db.session.add(DutyRoster(person_id=lead.id, starts_at=now - timedelta(days=120), ends_at=None))


def _technician(
    person: Person,
    skills: dict[str, int],
    zones: tuple[str, ...],
    hours: tuple[int, int],
    cap: int,
    places: dict[str, Place],
    trades: dict[str, int],
    days: tuple[int, ...],
) -> None:
    db.session.add(TechnicianProfile(person_id=person.id, cap=cap))
    for code, level in skills.items():
        db.session.add(TechnicianTrade(person_id=person.id, trade_id=trades[code], level=level))
    for code in zones:
        db.session.add(TechnicianZone(person_id=person.id, place_id=places[code].id))
    for weekday in days:
        db.session.add(Shift(person_id=person.id, weekday=weekday, starts=time(hours[0]), ends=time(hours[1])))
