"""Policies and calendars as the rules of the clocks look them up, and the clocks of tickets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from sqlalchemy import Select, and_, func, or_, select

from app.core.db import current_institution, db
from app.core.errors import NotFound
from app.sites.calendars import queries as calendars
from app.sites.rules.worktime import WorkTime, instant_of, minute_of
from app.tickets.models import Category, CategoryVersion, Clock, SlaPolicy, SlaPolicyVersion, TicketEvent
from app.tickets.rules import sla_policy
from app.tickets.rules.history import Remark
from app.tickets.rules.sla import Key, Kind, Line, Phase, Terms
from app.tickets.rules.sla_history import READ_REMARKS, Happened
from app.tickets.rules.sla_policy import Policy
from app.tickets.rules.workflow import TicketStatus

KEPT = 512  # policy versions a process keeps as read


class _Kept:
    """Policy versions this process has read; they never change."""

    policies: ClassVar[dict[tuple[int, int], Policy]] = {}


def policy(version_id: int) -> Policy:
    """What a policy version says. Raises NotFound."""
    key = (current_institution(), version_id)
    found = _Kept.policies.get(key)
    if found is None:
        content = db.session.scalar(select(SlaPolicyVersion.content).where(SlaPolicyVersion.id == version_id))
        if content is None:
            raise NotFound
        if len(_Kept.policies) >= KEPT:
            _Kept.policies.clear()
        found = _Kept.policies[key] = sla_policy.read(content)
    return found


class Book:
    """Where the rules look versions up (`rules.sla.Book`): tables this process keeps, read once."""

    def line(self, policy_id: int, priority: str) -> Line:
        return policy(policy_id).lines[priority]

    def work(self, version: int) -> WorkTime:
        return calendars.work(version)

    def calendar(self, version: int) -> int:
        return calendars.calendar_of(version)

    def stopped_by(self, policy_id: int, reason: str) -> frozenset[Kind]:
        return policy(policy_id).stops.get(reason, frozenset())


BOOK = Book()


def version_for(category_id: int) -> int | None:
    """The policy version in force for a category: its own policy's, else the usual one's; None: there is none yet."""
    own = (
        select(CategoryVersion.sla_policy)
        .join(
            Category,
            and_(
                Category.institution_id == CategoryVersion.institution_id,
                Category.id == CategoryVersion.category_id,
                Category.version == CategoryVersion.number,
            ),
        )
        .where(Category.id == category_id)
        .scalar_subquery()
    )
    return db.session.scalar(
        select(SlaPolicyVersion.id)
        .join(
            SlaPolicy,
            and_(
                SlaPolicy.institution_id == SlaPolicyVersion.institution_id, SlaPolicy.id == SlaPolicyVersion.policy_id
            ),
        )
        .where(or_(SlaPolicy.usual, and_(SlaPolicy.code == own, SlaPolicy.valid_to.is_(None))))
        .order_by(SlaPolicy.usual, SlaPolicyVersion.number.desc())
        .limit(1)
    )


# events as the rules read them


def events(ticket_id: int) -> list[Happened]:
    """The events of a ticket that clocks read, in order."""
    return events_of([ticket_id]).get(ticket_id, [])


def events_of(ticket_ids: Iterable[int]) -> dict[int, list[Happened]]:
    """The events of several tickets that clocks read, in order, by ticket."""
    rows = db.session.execute(
        select(
            TicketEvent.ticket_id,
            TicketEvent.id,
            TicketEvent.at,
            TicketEvent.effective_at,
            TicketEvent.actor_kind,
            TicketEvent.kind,
            TicketEvent.order_id,
            TicketEvent.to_state,
            TicketEvent.reason,
            TicketEvent.data,
        )
        .where(
            TicketEvent.ticket_id.in_(list(ticket_ids)),
            or_(TicketEvent.to_state.is_not(None), TicketEvent.kind.in_(sorted(READ_REMARKS))),
        )
        .order_by(TicketEvent.id)
    )
    found: dict[int, list[Happened]] = {}
    for row in rows:
        found.setdefault(row.ticket_id, []).append(happened(row._asdict(), row.id))
    return found


def happened(row: Mapping[str, Any], number: int) -> Happened:
    """An event of the history as the clocks read it."""
    return Happened(
        id=number,
        at=minute_of(row["effective_at"] or row["at"]),
        kind=row["kind"],
        human=row["actor_kind"] != "system",
        order_id=row["order_id"],
        to=row["to_state"],
        reason=row["reason"],
        data=_read(row["kind"], row["data"] or {}),
    )


def _read(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an event's data the clocks read, instants as minutes."""
    found: dict[str, Any] = {}
    if data.get("sla"):
        terms = data["sla"]
        found["terms"] = Terms(terms["policy"], terms["priority"], terms["calendar"])
    for name in ("until", "window"):
        if isinstance(data.get(name), str):
            found[name] = minute_of(datetime.fromisoformat(data[name]))
    if kind == Remark.EXTENSION and not data.get("approved"):
        found.pop("until", None)  # asked for, or refused
    if isinstance(data.get("due"), str):
        found["due"] = minute_of(datetime.fromisoformat(data["due"]))
    for name in ("version", "after", "staff", "step", "alarm"):
        if data.get(name) is not None:
            found[name] = data[name]
    if kind in (Remark.EXCUSE, Remark.ESCALATION) and "clock" in data:
        order_id = data.get("order_id")
        found["clock"] = Key(
            kind=Kind(data["clock"]), order_id=None if order_id is None else int(order_id), cycle=data["cycle"]
        )
    return found


def terms_data(terms: Terms) -> dict[str, Any]:
    """How an event says under what clocks count from it on."""
    return {"policy": terms.policy, "priority": terms.priority, "calendar": terms.calendar}


# rows

_COLUMNS = (
    Clock.id,
    Clock.owner_kind,
    Clock.owner_id,
    Clock.ticket_id,
    Clock.kind,
    Clock.cycle,
    Clock.policy_version_id,
    Clock.priority,
    Clock.calendar_version_id,
    Clock.phase,
    Clock.started_at,
    Clock.since,
    Clock.used,
    Clock.target,
    Clock.due_at,
    Clock.not_before,
    Clock.stopped_at,
    Clock.kept,
    Clock.excused,
    Clock.endless,
    Clock.next_at,
)


def of_ticket(ticket_id: int) -> Sequence[Any]:
    """Every clock row of a ticket and its orders, cycle by cycle."""
    return db.session.execute(
        select(*_COLUMNS).where(Clock.ticket_id == ticket_id).order_by(Clock.cycle, Clock.id)
    ).all()


class Clocked(Protocol):
    """What of a ticket says by which clock it is judged now."""

    @property
    def id(self) -> int: ...
    @property
    def status(self) -> TicketStatus: ...
    @property
    def cycle(self) -> int: ...
    @property
    def promised_at(self) -> datetime | None: ...
    @property
    def filed_at(self) -> datetime: ...
    @property
    def urged_at(self) -> datetime | None: ...


def restore_of(ticket_id: int, cycle: int) -> Any | None:
    """The restore clock of a cycle: (phase, due_at, null while it stands); None where the policy has none."""
    return db.session.execute(
        select(Clock.phase, Clock.due_at).where(
            Clock.ticket_id == ticket_id,
            Clock.owner_kind == "ticket",
            Clock.kind == Kind.RESTORE.value,
            Clock.cycle == cycle,
        )
    ).first()


def dispatch_calendar(order_id: int) -> int | None:
    """The calendar version an order's dispatch clock counts by; None where its policy has none."""
    found: int | None = db.session.scalar(
        select(Clock.calendar_version_id)
        .where(Clock.owner_kind == "order", Clock.owner_id == order_id, Clock.kind == Kind.DISPATCH.value)
        .order_by(Clock.cycle.desc())
        .limit(1)
    )
    return found


def due_tickets(now: datetime, limit: int) -> list[int]:
    """The tickets with a clock whose next step is due, the longest overdue first."""
    query: Select[Any] = (
        select(Clock.ticket_id)
        .where(Clock.next_at <= now, Clock.ticket_id.is_not(None))
        .group_by(Clock.ticket_id)
        .order_by(func.min(Clock.next_at))
        .limit(limit)
    )
    return list(db.session.scalars(query))


def open_under(version_ids: Iterable[int], after: int, limit: int) -> list[int]:
    """The tickets after an id that have a clock open under one of the calendar versions, in order."""
    return list(
        db.session.scalars(
            select(Clock.ticket_id)
            .where(
                Clock.calendar_version_id.in_(sorted(version_ids)),
                Clock.phase.in_([Phase.RUNNING.value, Phase.PAUSED.value, Phase.STANDING.value]),
                Clock.ticket_id > after,
            )
            .distinct()
            .order_by(Clock.ticket_id)
            .limit(limit)
        )
    )


def instant(minute: int | None) -> datetime | None:
    """A minute of the rules as it is stored."""
    return None if minute is None else instant_of(minute)
