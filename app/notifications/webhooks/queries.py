"""Reading endpoints and their messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, select

from app.core import paging
from app.core.db import db
from app.core.errors import NotFound
from app.notifications.webhooks.models import WebhookEndpoint, WebhookMessage

_SHOWN = (
    WebhookEndpoint.id,
    WebhookEndpoint.name,
    WebhookEndpoint.url,
    WebhookEndpoint.events,
    WebhookEndpoint.enabled,
    WebhookEndpoint.former_until,
    WebhookEndpoint.created_at,
    WebhookEndpoint.version,
)
_MESSAGE = (
    WebhookMessage.id,
    WebhookMessage.endpoint_id,
    WebhookMessage.event,
    WebhookMessage.body,
    WebhookMessage.state,
    WebhookMessage.attempts,
    WebhookMessage.replays,
    WebhookMessage.status,
    WebhookMessage.error,
    WebhookMessage.at,
    WebhookMessage.ended_at,
)


def endpoints(cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """The living endpoints, newest first, each with how many of its messages have failed."""
    failed = (
        select(func.count())
        .where(
            WebhookMessage.institution_id == WebhookEndpoint.institution_id,
            WebhookMessage.endpoint_id == WebhookEndpoint.id,
            WebhookMessage.state == "failed",
        )
        .scalar_subquery()
    )
    query = select(*_SHOWN, failed.label("failed")).where(WebhookEndpoint.removed_at.is_(None))
    return paging.page(query, [("id", WebhookEndpoint.id.desc())], cursor, limit)


def endpoint(endpoint_id: int) -> Any:
    """One living endpoint; raises NotFound."""
    found = db.session.execute(
        select(*_SHOWN).where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.removed_at.is_(None))
    ).first()
    if found is None:
        raise NotFound
    return found


def messages(endpoint_id: int, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """What an endpoint was sent, newest first."""
    query: Any = select(*_MESSAGE).where(WebhookMessage.endpoint_id == endpoint_id)
    return paging.page(query, [("id", WebhookMessage.id.desc())], cursor, limit)


def endpoint_of(message_id: int) -> int:
    """Where a message went; raises NotFound."""
    found = db.session.scalar(select(WebhookMessage.endpoint_id).where(WebhookMessage.id == message_id))
    if found is None:
        raise NotFound
    return found


def outgoing(message_id: int) -> Any:
    """What is needed to send a message; None where it is gone."""
    return db.session.execute(
        select(
            *_MESSAGE,
            WebhookEndpoint.url,
            WebhookEndpoint.secret,
            WebhookEndpoint.former_secret,
            WebhookEndpoint.former_until,
            WebhookEndpoint.enabled,
        )
        .join(
            WebhookEndpoint,
            and_(
                WebhookEndpoint.institution_id == WebhookMessage.institution_id,
                WebhookEndpoint.id == WebhookMessage.endpoint_id,
            ),
        )
        .where(WebhookMessage.id == message_id)
    ).first()
