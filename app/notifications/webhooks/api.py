"""Webhooks over the API."""

from __future__ import annotations

from typing import Any

from app.core import clock, forms
from app.core.db import db
from app.core.http import (
    ApiBlueprint,
    accepts,
    answers,
    current_actor,
    json_list,
    no_body,
    policy,
    seen_version,
    versioned,
)
from app.notifications import policies
from app.notifications.webhooks import calling, queries, schemas, services

blueprint = ApiBlueprint("webhooks", __name__, description="Telling other systems what happens (Standard Webhooks)")


@blueprint.route("/webhooks", methods=["GET"])
@accepts(blueprint, forms.QuerySchema, location="query")
@answers(blueprint, 200, schemas.WebhookPage)
@policy(policies.write_webhooks)
def webhooks(asked: dict[str, Any]) -> Any:
    """The endpoints, newest first"""
    page = queries.endpoints(asked["cursor"], asked["limit"])
    return json_list(list(page.items), page.next)


@blueprint.route("/webhooks", methods=["POST"])
@accepts(blueprint, schemas.NewWebhook)
@answers(blueprint, 201, schemas.WebhookMade)
@policy(policies.write_webhooks)
def add_webhook(sent: dict[str, Any]) -> Any:
    """A new endpoint; this answer alone shows its secret"""
    made = services.create(actor=current_actor(), now=clock.now(), allowed=calling.allowed_here(), **sent)
    return versioned(made, made.version, 201)


@blueprint.route("/webhooks/<string:webhook_id>", methods=["GET"])
@answers(blueprint, 200, schemas.WebhookOut)
@policy(policies.write_webhooks)
def webhook(webhook_id: str) -> Any:
    """One endpoint"""
    found = queries.endpoint(forms.id_in_address(webhook_id))
    return versioned(found, found.version)


@blueprint.route("/webhooks/<string:webhook_id>", methods=["PATCH"])
@accepts(blueprint, schemas.WebhookChange)
@answers(blueprint, 200, schemas.WebhookOut)
@policy(policies.write_webhooks)
def change_webhook(sent: dict[str, Any], webhook_id: str) -> Any:
    """Change an endpoint, switch it off or on"""
    found = services.change(
        forms.id_in_address(webhook_id),
        actor=current_actor(),
        now=clock.now(),
        seen=seen_version(),
        allowed=calling.allowed_here(),
        **sent,
    )
    db.session.flush()
    return versioned(found, found.version)


@blueprint.route("/webhooks/<string:webhook_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.write_webhooks)
def remove_webhook(webhook_id: str) -> Any:
    """Nothing is sent there any more"""
    services.remove(
        forms.id_in_address(webhook_id), actor=current_actor(), now=clock.now(), seen=seen_version(required=False)
    )
    return no_body()


@blueprint.route("/webhooks/<int:webhook_id>/secret", methods=["POST"])
@answers(blueprint, 201, schemas.WebhookMade)
@policy(policies.write_webhooks)
def renew_webhook_secret(webhook_id: int) -> Any:
    """A new secret; the former one signs beside it for 24 hours"""
    seen = seen_version(required=False)
    found = services.renew_secret(webhook_id, actor=current_actor(), now=clock.now(), seen=seen)
    db.session.flush()
    return versioned(found, found.version, 201)


@blueprint.route("/webhooks/<int:webhook_id>/messages", methods=["GET"])
@accepts(blueprint, forms.QuerySchema, location="query")
@answers(blueprint, 200, schemas.MessagePage)
@policy(policies.write_webhooks)
def webhook_messages(asked: dict[str, Any], webhook_id: int) -> Any:
    """What an endpoint was sent, newest first"""
    queries.endpoint(webhook_id)
    page = queries.messages(webhook_id, asked["cursor"], asked["limit"])
    return json_list(list(page.items), page.next)


@blueprint.route("/webhooks/messages/<int:message_id>/replay", methods=["POST"])
@answers(blueprint, 202, schemas.MessageOut)
@policy(policies.write_webhooks)
def replay_webhook_message(message_id: int) -> Any:
    """Send a message again, with the same id and body"""
    found = services.replay(message_id, actor=current_actor(), now=clock.now())
    db.session.flush()
    return found
