"""Tickets, who follows them, how they were rated, and the counters of their numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Small, Tenant, ref, to_one
from app.tickets.models.checks import one_of
from app.tickets.rules.priority import IMPACTS, URGENCIES
from app.tickets.rules.workflow import TICKET_OPEN, TicketStatus

ORIGINS = ("web", "qr", "api")
OPEN_STATUSES = one_of("status", sorted(TICKET_OPEN))
NOT_LONG_OVER = one_of("status", sorted(TICKET_OPEN | {TicketStatus.RESOLVED}))


class Ticket(Tenant):
    """A fault somebody reported.

    `status` equals the fold of the ticket's events; `state_before` is where the way back leads from while it waits
    for an answer or is rejected (`asked_from` keeps the first under the second). `reporter_id` None: reported without
    login, the number is the receipt. `campus_id` and `building_id` repeat the place's, so that scopes and lists
    compare one id. `search` (lower case: number, place, text) and its two-character `grams` serve the search.
    `category_version_id` is the version of its category that counts for it, `answers` what was answered to the
    questions of `asked_version_id`, by code. `version` rises with state, assignment and own fields only.
    `rejected_at`, `asked_at`, `resolved_at`, `closed_at` are the last of their kind. `duplicate_of_id` is the original
    of a duplicate, `merge_id` the `TicketMerge` that made it one; `split_from_id` the request it was part of,
    `recurs_of_id` the one whose fault came again. `published`: staff lets anybody read text and photos (Open311;
    public places only).
    `promised_at` is what the reporter was told (21); `due_at` the earliest due time of its and its orders' running
    clocks, `due_clock` which of them. `urged`: how often the reporter reminded in this cycle, `urged_at` the last time.
    `left_at`: since then its reporter is gone and the dorm office of the place is the contact (N5).
    `taken_over_at`: when its reporter took it over from another (N8), whose words, photos and room are not his to see.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        ref("category", "category_id"),
        ref("category_version", "category_version_id"),
        ref("category_version", "asked_version_id"),
        ref("place", "place_id"),
        ref("place", "campus_id"),
        ref("place", "building_id"),
        ref("person", "reporter_id"),
        ref("person", "on_behalf_by"),
        ref("ticket", "duplicate_of_id"),
        ref("ticket", "split_from_id"),
        ref("ticket", "recurs_of_id"),
        CheckConstraint(one_of("status", TicketStatus), name="status"),
        CheckConstraint(one_of("state_before", TicketStatus), name="state_before"),
        CheckConstraint(one_of("asked_from", TicketStatus), name="asked_from"),
        CheckConstraint(one_of("urgency", URGENCIES), name="urgency"),
        CheckConstraint(one_of("priority", URGENCIES), name="priority"),
        CheckConstraint(one_of("impact", IMPACTS), name="impact"),
        CheckConstraint(one_of("origin", ORIGINS), name="origin"),
        CheckConstraint("place_id IS NOT NULL OR place_text IS NOT NULL", name="place"),
        CheckConstraint("cycle >= 1 AND version >= 1", name="counts"),
        CheckConstraint("(visit_from IS NULL) = (visit_to IS NULL) AND visit_from < visit_to", name="visit"),
        CheckConstraint(
            "(status = 'duplicate') = (duplicate_of_id IS NOT NULL) AND duplicate_of_id <> id", name="duplicate"
        ),
        UniqueConstraint("institution_id", "number", name="uq_ticket_number"),
        Index("ix_ticket_filed", "institution_id", "filed_at", "id"),
        Index("ix_ticket_reporter", "institution_id", "reporter_id", "id"),
        Index("ix_ticket_building", "institution_id", "building_id", "id"),
        Index("ix_ticket_campus", "institution_id", "campus_id", "id"),
        Index("ix_ticket_place", "institution_id", "place_id", "id"),
        Index("ix_ticket_status", "institution_id", "status", "id"),
        Index("ix_ticket_category", "institution_id", "category_id", "id"),
        Index("ix_ticket_open", "institution_id", "id", postgresql_where=text(OPEN_STATUSES)),
        Index("ix_ticket_near", "institution_id", "place_id", "id", postgresql_where=text(NOT_LONG_OVER)),
        Index(
            "ix_ticket_duplicate_of",
            "institution_id",
            "duplicate_of_id",
            postgresql_where=text("duplicate_of_id IS NOT NULL"),
        ),
        # every search reads the list of rows not yet merged into the index: a short one, in kB
        Index("ix_ticket_grams", "grams", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": "256"}),
    )

    number: Mapped[str]
    status: Mapped[str]
    state_before: Mapped[str | None]
    asked_from: Mapped[str | None]
    cycle: Mapped[int] = mapped_column(default=1)
    category_id: Mapped[int] = mapped_column(BigInteger)
    category_version_id: Mapped[int | None] = mapped_column(BigInteger)
    asked_version_id: Mapped[int | None] = mapped_column(BigInteger)
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    place_id: Mapped[int | None] = mapped_column(BigInteger)
    place_text: Mapped[str | None]
    campus_id: Mapped[int | None] = mapped_column(BigInteger)
    building_id: Mapped[int | None] = mapped_column(BigInteger)
    description: Mapped[str]
    urgency: Mapped[str] = mapped_column(default="normal")
    impact: Mapped[str] = mapped_column(default="room")
    priority: Mapped[str] = mapped_column(default="normal")
    reporter_id: Mapped[int | None] = mapped_column(BigInteger)
    on_behalf_by: Mapped[int | None] = mapped_column(BigInteger)
    contact_name: Mapped[str | None]
    contact_phone: Mapped[str | None]
    may_enter: Mapped[bool] = mapped_column(default=False)
    visit_from: Mapped[datetime | None]
    visit_to: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(default="web")
    promised_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    due_clock: Mapped[str | None]
    filed_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    duplicate_of_id: Mapped[int | None] = mapped_column(BigInteger)
    merge_id: Mapped[int | None] = mapped_column(BigInteger)
    split_from_id: Mapped[int | None] = mapped_column(BigInteger)
    recurs_of_id: Mapped[int | None] = mapped_column(BigInteger)
    reminders: Mapped[int] = mapped_column(default=0)  # of the present question
    not_fixed_count: Mapped[int] = mapped_column(default=0)
    urged: Mapped[int] = mapped_column(default=0, server_default="0")
    urged_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    taken_over_at: Mapped[datetime | None]
    published: Mapped[bool] = mapped_column(default=False, server_default=false())
    version: Mapped[int] = mapped_column(default=1)
    search: Mapped[str] = mapped_column(default="")
    grams: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)

    category = to_one("Ticket.category_id", "Category")
    place = to_one("Ticket.place_id", "Place")
    reporter = to_one("Ticket.reporter_id", "Person")


class TicketFollower(Tenant):
    """Somebody besides the reporter who is told what becomes of a ticket and sees the reduced ticket.

    `merge_id`: he came by a merge, not by himself. `ended_at`: he no longer follows; the row stays.
    """

    __tablename__ = "ticket_follower"
    __table_args__ = (
        ref("ticket", "ticket_id"),
        ref("person", "person_id"),
        UniqueConstraint("institution_id", "ticket_id", "person_id", name="uq_ticket_follower"),
        Index("ix_ticket_follower_person", "institution_id", "person_id", "ticket_id"),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    merge_id: Mapped[int | None] = mapped_column(BigInteger)


class TicketMerge(Tenant):
    """One merge of a ticket into another, and what it did: so that it can be undone (N7).

    `moved` are the duplicates of the ticket that were re-pointed with it, each with the merge that had made it one;
    `cancelled` the orders that ended with it, to be opened anew.
    """

    __tablename__ = "ticket_merge"
    __table_args__ = (
        ref("ticket", "ticket_id"),
        ref("ticket", "into_id"),
        ref("person", "actor_id"),
        ref("person", "undone_by"),
        Index("ix_ticket_merge_ticket", "institution_id", "ticket_id", "id"),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger)
    into_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    moved: Mapped[list[Any]] = mapped_column(default=list)
    cancelled: Mapped[list[Any]] = mapped_column(default=list)
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(BigInteger)


class Rating(Tenant):
    """One rating per person and cycle; changeable while the window is open, the last counts (N10)."""

    __tablename__ = "ticket_rating"
    __table_args__ = (
        ref("ticket", "ticket_id"),
        ref("person", "person_id"),
        CheckConstraint("quality BETWEEN 1 AND 5 AND speed BETWEEN 1 AND 5 AND manner BETWEEN 1 AND 5", name="stars"),
        UniqueConstraint("institution_id", "ticket_id", "person_id", "cycle", name="uq_ticket_rating"),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    cycle: Mapped[int]
    quality: Mapped[int] = mapped_column(Small)
    speed: Mapped[int] = mapped_column(Small)
    manner: Mapped[int] = mapped_column(Small)
    comment: Mapped[str | None]
    at: Mapped[datetime]


class NumberCounter(Tenant):
    """The last number given of one kind in one year; raised in the transaction that uses it, so there is no gap."""

    __tablename__ = "number_counter"
    __table_args__ = (UniqueConstraint("institution_id", "kind", "year", name="uq_number_counter"),)

    kind: Mapped[str]
    year: Mapped[int]
    value: Mapped[int] = mapped_column(BigInteger)
