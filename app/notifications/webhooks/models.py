"""Tables of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core import references
from app.core.db import Tenant, ref, to_one

STATES = ("waiting", "sent", "failed")


class WebhookEndpoint(Tenant):
    """An address of another system and what it is told.

    `events` are names of the list that wiring fills (`services.EVENTS`). The secret signs, so it is stored as it is;
    people see it once. After a change the former one signs too until `former_until`.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        ref("person", "created_by"),
        CheckConstraint("version >= 1", name="version"),
    )

    name: Mapped[str]
    url: Mapped[str]
    events: Mapped[list[Any]] = mapped_column(JSONB)
    secret: Mapped[str]
    former_secret: Mapped[str | None]
    former_until: Mapped[datetime | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class WebhookMessage(Tenant):
    """One message for one endpoint. `body` is what is signed and sent, the same at every try; so is its id.

    It is written in the transaction that ends the event's delivery, so an event makes one. `attempts` counts the tries
    since it was last ordered, `replays` how often somebody had it sent again. It is deleted
    `services.KEPT_FOR` after its end.
    """

    __tablename__ = "webhook_message"
    __table_args__ = (
        ref("webhook_endpoint", "endpoint_id"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_webhook_message_endpoint", "institution_id", "endpoint_id", "id"),
        Index("ix_webhook_message_ended", "institution_id", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index("ix_webhook_message_failed", "institution_id", "id", postgresql_where=text("state = 'failed'")),
    )

    endpoint_id: Mapped[int] = mapped_column(BigInteger)
    event: Mapped[str]
    body: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    replays: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]  # of the last answer; None: there was none
    error: Mapped[str | None]
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    endpoint = to_one("WebhookMessage.endpoint_id", "WebhookEndpoint")


references.declare(
    {
        "webhook_endpoint": _l("webhook"),
    }
)
