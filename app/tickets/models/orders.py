"""Work orders and the offers made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, ref, to_one
from app.tickets.models.checks import FAR, one_of, pressing, turn
from app.tickets.rules.offers import Waiting
from app.tickets.rules.priority import URGENCIES
from app.tickets.rules.workflow import ORDER_LOAD, ORDER_OPEN, OrderState

KINDS = ("corrective", "rework")
OUTCOMES = ("accepted", "declined", "expired", "revoked", "replaced", "suspended", "cancelled")
OPEN_STATES = one_of("state", sorted(ORDER_OPEN))
LOAD_STATES = one_of("state", sorted(ORDER_LOAD))


class WorkOrder(Tenant):
    """The work of one trade for a ticket.

    `assignee_id` is whom it is offered to or who holds it (after the work: who did it). `waiting` says why a queued
    order found nobody (`rules.offers.Waiting`), `lead_called_at` when the duty lead was called for it since it began
    to wait for somebody. `worked`: it was in working at least once. Campus, building and priority repeat the ticket's
    for scopes, lists and the order of waiting. `help_asked_at`: the holder waits for a second pair of hands.
    `proposed_by`: a technician proposes the order, it stays planned until a dispatcher approves. `version` rises with
    state and assignment only. `due_at`: the earliest due time of its and its ticket's running clocks, `due_clock` which
    of them (1). `urged` repeats how often its reporter reminded: it stands before others in every list.
    """

    __tablename__ = "work_order"
    __table_args__ = (
        ref("ticket", "ticket_id"),
        ref("trade", "trade_id"),
        ref("person", "assignee_id"),
        ref("person", "dispatcher_id"),
        ref("person", "proposed_by"),
        ref("work_order", "rework_of_id"),
        ref("work_order", "after_id"),
        ref("place", "campus_id"),
        ref("place", "building_id"),
        CheckConstraint(one_of("state", OrderState), name="state"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("priority", URGENCIES), name="priority"),
        CheckConstraint(one_of("waiting", Waiting), name="waiting"),
        CheckConstraint("(state = 'offered') = (offered_until IS NOT NULL)", name="offered_until"),
        CheckConstraint("state NOT IN ('planned', 'queued') OR assignee_id IS NULL", name="nobodys"),
        CheckConstraint(
            "state NOT IN ('offered', 'accepted', 'en_route', 'working', 'done') OR assignee_id IS NOT NULL",
            name="somebodys",
        ),
        CheckConstraint("planned_minutes > 0 AND version >= 1 AND cycle >= 1", name="counts"),
        UniqueConstraint("institution_id", "number", name="uq_work_order_number"),
        Index("ix_work_order_ticket", "institution_id", "ticket_id", "id"),
        Index("ix_work_order_assignee", "institution_id", "assignee_id", "id"),
        Index("ix_work_order_assignee_ticket", "institution_id", "assignee_id", "ticket_id"),
        Index(
            "ix_work_order_done",
            "institution_id",
            "assignee_id",
            "done_at",
            postgresql_where=text("done_at IS NOT NULL"),
        ),
        Index("ix_work_order_done_at", "institution_id", "done_at", postgresql_where=text("done_at IS NOT NULL")),
        Index(
            "ix_work_order_rework_of",
            "institution_id",
            "rework_of_id",
            postgresql_where=text("rework_of_id IS NOT NULL"),
        ),
        Index("ix_work_order_mine", "institution_id", "assignee_id", "id", postgresql_where=text(LOAD_STATES)),
        Index(
            "ix_work_order_open_ticket",
            "institution_id",
            "state",
            "id",
            postgresql_include=["ticket_id"],  # which requests have an open order is counted without reading orders
            postgresql_where=text(OPEN_STATES),
        ),
        Index(
            "ix_work_order_proposed",
            "institution_id",
            "proposed_by",
            postgresql_where=text("proposed_by IS NOT NULL"),
        ),
        Index(
            "ix_work_order_first",
            "institution_id",
            text(pressing("state <> 'on_hold'::text")),
            text(f"COALESCE(due_at, hold_until, {FAR})"),
            text(turn("priority")),
            "id",
            postgresql_where=text(OPEN_STATES),
        ),
        Index("ix_work_order_building", "institution_id", "building_id", "id"),
        Index("ix_work_order_campus", "institution_id", "campus_id", "id"),
    )

    number: Mapped[str]
    ticket_id: Mapped[int] = mapped_column(BigInteger)
    trade_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(default="corrective")
    state: Mapped[str]
    cycle: Mapped[int] = mapped_column(default=1)
    priority: Mapped[str] = mapped_column(default="normal")
    campus_id: Mapped[int | None] = mapped_column(BigInteger)
    building_id: Mapped[int | None] = mapped_column(BigInteger)
    assignee_id: Mapped[int | None] = mapped_column(BigInteger)
    dispatcher_id: Mapped[int | None] = mapped_column(BigInteger)
    offered_until: Mapped[datetime | None]
    planned_minutes: Mapped[int]
    hold_reason: Mapped[str | None]
    hold_until: Mapped[datetime | None]
    rework_of_id: Mapped[int | None] = mapped_column(BigInteger)
    after_id: Mapped[int | None] = mapped_column(BigInteger)  # begins when that order is done or cancelled
    waiting: Mapped[str | None]
    lead_called_at: Mapped[datetime | None]
    help_asked_at: Mapped[datetime | None]
    proposed_by: Mapped[int | None] = mapped_column(BigInteger)
    pooled: Mapped[bool] = mapped_column(default=False)
    worked: Mapped[bool] = mapped_column(default=False)
    urged: Mapped[int] = mapped_column(default=0, server_default="0")
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    due_clock: Mapped[str | None]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    ticket = to_one("WorkOrder.ticket_id", "Ticket")
    trade = to_one("WorkOrder.trade_id", "Trade")
    assignee = to_one("WorkOrder.assignee_id", "Person")


class OrderHelper(Tenant):
    """Somebody who helps the holder of an order; he sees it, the holder answers for it."""

    __tablename__ = "order_helper"
    __table_args__ = (
        ref("work_order", "order_id"),
        ref("ticket", "ticket_id"),
        ref("person", "person_id"),
        ref("person", "added_by"),
        Index(
            "uq_order_helper_present",
            "institution_id",
            "order_id",
            "person_id",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_order_helper_person", "institution_id", "person_id", "order_id"),
    )

    order_id: Mapped[int] = mapped_column(BigInteger)
    ticket_id: Mapped[int] = mapped_column(BigInteger)  # the order's, for the lists of whoever helps
    person_id: Mapped[int] = mapped_column(BigInteger)
    added_by: Mapped[int | None] = mapped_column(BigInteger)
    added_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class Offer(Tenant):
    """One offer of an order to a person; at most one of an order is live (`outcome` null).

    `why` is what was known when it was made: rule version, candidates with their figures, the excluded with their
    reason (43). `made_by` is the dispatcher of a manual assignment, with `override` his reason where shift or cap were
    set aside (N2).
    """

    __tablename__ = "offer"
    __table_args__ = (
        ref("work_order", "order_id"),
        ref("ticket", "ticket_id"),
        ref("person", "person_id"),
        ref("person", "made_by"),
        CheckConstraint(one_of("outcome", OUTCOMES), name="outcome"),
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="ended"),
        Index("uq_offer_live", "institution_id", "order_id", unique=True, postgresql_where=text("outcome IS NULL")),
        Index("ix_offer_order", "institution_id", "order_id", "id"),
        Index("ix_offer_at", "institution_id", "offered_at"),
        Index("ix_offer_person", "institution_id", "person_id", "order_id"),
        Index("ix_offer_person_ticket", "institution_id", "person_id", "ticket_id"),
    )

    order_id: Mapped[int] = mapped_column(BigInteger)
    ticket_id: Mapped[int] = mapped_column(BigInteger)  # the order's, for the lists of whoever was asked
    person_id: Mapped[int] = mapped_column(BigInteger)
    round: Mapped[int] = mapped_column(default=1)
    offered_at: Mapped[datetime]
    until: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(BigInteger)
    override: Mapped[str | None]
    outcome: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    why: Mapped[dict[str, Any]] = mapped_column(default=dict)
