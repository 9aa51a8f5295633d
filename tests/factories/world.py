"""One of everything, for tests that walk all routes: ids by the name of the route's argument."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.accounts.models import ApiToken, CrewMember, LoginSession, OrgMembership, PersonIdentifier, RoleGrant
from app.core import clock
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.outbox import OutboxDelivery
from app.imports.models import ImportBatch
from app.notifications.models import KeptMail
from app.notifications.rules.webhooks import Allowed
from app.notifications.webhooks import services as webhooks
from app.notifications.webhooks.models import WebhookMessage
from app.sites.calendars.models import WorkingCalendar
from app.sites.models import PlaceSticker
from app.tickets.models import (
    Absence,
    BulkRun,
    Certificate,
    DutyCall,
    DutyRoster,
    Macro,
    SavedView,
    Shift,
    SlaPolicy,
    TechnicianCertificate,
)
from app.tickets.services import dispatching
from tests.factories import accounts, attachments, desk, feedback, notices, notifications, tickets


def build() -> dict[str, Any]:
    """A ground with a ticket whose order is offered, and one row behind every kind of address."""
    ground = tickets.Ground()
    technician = ground.technician()
    filed = ground.file()
    dispatching.dispatch_order(actor=Actor.system(current_institution()), now=clock.now(), order_id=filed.order_id or 0)
    person = ground.student
    crew = accounts.crew(technician)
    unit = accounts.org_unit()
    now = clock.now()
    made: list[Any] = [
        accounts.number(person, f"20250001{person.id}"),
        accounts.member_of(person, unit),
        LoginSession(
            person_id=person.id,
            token_hash=f"session{person.id}".encode(),
            created_at=now,
            last_seen_at=now,
            idle_seconds=60,
            ends_at=now + timedelta(days=1),
        ),
        ApiToken(
            person_id=person.id,
            name="t",
            token_hash=f"token{person.id}".encode(),
            created_at=now,
            expires_at=now + timedelta(days=1),
        ),
        PlaceSticker(place_id=ground.room.id, token_hash=f"sticker{person.id}".encode(), issued_at=now),
    ]
    db.session.add_all(made)
    notice = notifications.notification(person.id)
    photo = attachments.photo(owner_kind="ticket", owner_id=filed.id)
    db.session.flush()
    batch = ImportBatch(
        kind="places", state="planned", source="web", filename="a.csv", size=1, uploaded_at=now, uploaded_by=person.id
    )
    mail = KeptMail(
        notification_id=notice.id,
        message_id=f"m{notice.id}",
        to_name="",
        to_address="a@b.invalid",
        subject="s",
        lang="en",
        body_text="b",
        body_html="b",
        at=now,
    )
    call = DutyCall(
        order_id=filed.order_id,
        ticket_id=filed.id,
        cause="refusals",
        refusals=3,
        called=[technician.id],
        called_at=now,
        last_at=now,
    )
    hook = webhooks.create(
        actor=Actor.system(current_institution()),
        now=now,
        name="Gate",
        url="https://gate.example.edu/in",
        events=["ticket.filed"],
        allowed=Allowed(),
    )
    told = WebhookMessage(endpoint_id=hook.id, event="ticket.filed", body="{}", state="sent", at=now)
    view = SavedView(owner_id=ground.dispatcher.id, name="Water", folded="water", filters={}, changed_at=now)
    run = BulkRun(person_id=ground.dispatcher.id, task={"action": "pool"}, total=1, ordered_at=now)
    macro = Macro(name={"en": "Noted"}, note="n")
    away = Absence(person_id=technician.id, starts_at=now, ends_at=now + timedelta(days=1))
    duty = DutyRoster(person_id=technician.id, starts_at=now)
    kind = Certificate(code="height", name={"en": "Work at height"})
    db.session.add_all([batch, mail, call, told, view, macro, run, away, duty, kind])
    db.session.flush()
    held = TechnicianCertificate(person_id=technician.id, certificate_id=kind.id)
    db.session.add(held)
    db.session.flush()
    return {
        "batch_id": batch.id,
        "mail_id": mail.id,
        "call_id": call.id,
        "message_id": told.id,
        "webhook_id": hook.id,
        "delivery_id": db.session.scalar(select(OutboxDelivery.id).limit(1)),
        "ticket_id": filed.id,
        "view_id": view.id,
        "macro_id": macro.id,
        "run_id": run.id,
        "order_id": filed.order_id,
        "category_id": ground.category.id,
        "trade_id": ground.trade.id,
        "shift_id": db.session.scalar(select(Shift.id).where(Shift.person_id == technician.id).limit(1)),
        "absence_id": away.id,
        "duty_id": duty.id,
        "technician_id": technician.id,
        "building_id": ground.building.id,
        "held_id": held.id,
        "place_id": ground.room.id,
        "person_id": person.id,
        "crew_id": crew.id,
        "member_id": db.session.scalar(select(CrewMember.id).where(CrewMember.crew_id == crew.id)),
        "unit_id": unit.id,
        "membership_id": db.session.scalar(select(OrgMembership.id).where(OrgMembership.person_id == person.id)),
        "identifier_id": db.session.scalar(select(PersonIdentifier.id).where(PersonIdentifier.person_id == person.id)),
        "role_id": accounts.role("student").id,
        "grant_id": db.session.scalar(select(RoleGrant.id).where(RoleGrant.person_id == person.id)),
        "session_id": made[2].id,
        "token_id": made[3].id,
        "sticker_id": made[4].id,
        "notification_id": notice.id,
        "attachment_id": photo.id,
        "answer_id": desk.answer().id,
        "contact_id": desk.contact().id,
        "calendar_id": db.session.scalar(select(WorkingCalendar.id).limit(1)),
        "policy_id": db.session.scalar(select(SlaPolicy.id).limit(1)),
        "feedback_id": feedback.said(person, about=[ground.dispatcher]).id,
        "notice_id": notices.notice(places=[ground.building]).id,
        "person": person,
        "technician": technician,
        "dispatcher": ground.dispatcher,
        "ground": ground,
    }
