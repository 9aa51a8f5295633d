"""Pages of webhooks for administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.audit import quicker
from app.core import clock, forms, seen
from app.core.errors import Conflict, Stale
from app.core.http import current_actor, policy
from app.core.http.idempotency import ignores_key
from app.core.pages import toast
from app.notifications import policies
from app.notifications.webhooks import calling, failures, queries, schemas, services
from app.notifications.webhooks.models import WebhookEndpoint

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")

CHANGES = ("webhook.change", "webhook.secret", "webhook.remove", "webhook.gone")
"""The acts that change what the page of an endpoint shows of it."""


@blueprint.get("")
@policy(policies.write_webhooks)
def index() -> Any:
    """The endpoints."""
    page = queries.endpoints(request.args.get("cursor"))
    return render_template("notifications/webhooks.html", page=page, names=services.names())


@blueprint.get("/new")
@policy(policies.write_webhooks)
def new() -> Any:
    """The form for an endpoint."""
    return _form(forms.Form(schemas.NewWebhook))


@blueprint.post("/new")
@ignores_key
@policy(policies.write_webhooks)
def create() -> Any:
    """Make an endpoint; its secret is shown in this answer and never again."""
    form = forms.Form(schemas.NewWebhook)
    data = form.load(request.form)
    if data is not None:
        with form.heeding():
            made = services.create(actor=current_actor(), now=clock.now(), allowed=calling.allowed_here(), **data)
            return _shown(made.id, secret=made.secret), 201
    return _form(form, status=form.status)


@blueprint.get("/<int:webhook_id>")
@policy(policies.write_webhooks)
def show(webhook_id: int) -> Any:
    """One endpoint with what it was sent."""
    return _shown(webhook_id)


@blueprint.post("/<int:webhook_id>/settings")
@policy(policies.write_webhooks)
def change(webhook_id: int) -> Any:
    """Change name, address, events, and whether anything is sent."""
    form = forms.Form(schemas.WebhookChange)
    data = form.load(request.form)
    if data is None:
        return _shown(webhook_id, form=form), 422
    data["enabled"] = "enabled" in request.form
    data.setdefault("events", [])
    actor, before = current_actor(), seen.seen_by(form, _values)
    with form.heeding(), quicker.heeding(form, actor, "webhook", webhook_id, *CHANGES):
        services.change(webhook_id, actor=actor, now=clock.now(), seen=before, allowed=calling.allowed_here(), **data)
        toast(_("Saved."))
        return redirect(url_for("webhooks.show", webhook_id=webhook_id))
    return _shown(webhook_id, form=form), form.status


@blueprint.post("/<int:webhook_id>/secret")
@ignores_key
@policy(policies.write_webhooks)
def renew_secret(webhook_id: int) -> Any:
    """A new secret, shown in this answer and never again."""
    actor, before = current_actor(), forms.seen_in(request.form)
    with quicker.telling(actor, "webhook", webhook_id, *CHANGES):
        found = services.renew_secret(webhook_id, actor=actor, now=clock.now(), seen=before)
        return _shown(webhook_id, secret=found.secret)
    return _shown(webhook_id), Stale.status


@blueprint.post("/<int:webhook_id>/test")
@policy(policies.write_webhooks)
def send_test(webhook_id: int) -> Any:
    """Send a message without content."""
    return _sending(
        webhook_id,
        lambda: services.send_test(webhook_id, actor=current_actor(), now=clock.now()),
        _("A test message is on its way. Load this page again to see how it fared."),
    )


def _sending(webhook_id: int, act: Callable[[], object], said: str) -> Any:
    """Have a message sent; the page says so, or what stands against it."""
    try:
        act()
        toast(said)
    except Conflict as refused:
        toast(refused.message, "late")
    return redirect(url_for("webhooks.show", webhook_id=webhook_id))


@blueprint.post("/<int:webhook_id>/remove")
@policy(policies.write_webhooks)
def remove(webhook_id: int) -> Any:
    """Send nothing there any more."""
    actor, before = current_actor(), forms.seen_in(request.form)
    with quicker.telling(actor, "webhook", webhook_id, *CHANGES):
        services.remove(webhook_id, actor=actor, now=clock.now(), seen=before)
        toast(_("The webhook is removed."))
        return redirect(url_for("webhooks.index"))
    return _shown(webhook_id), Stale.status


@blueprint.post("/messages/<int:message_id>/replay")
@policy(policies.write_webhooks)
def replay(message_id: int) -> Any:
    """Send one message again."""
    return _sending(
        queries.endpoint_of(message_id),
        lambda: services.replay(message_id, actor=current_actor(), now=clock.now()),
        _("The message is sent again."),
    )


def _form(form: forms.Form, status: int = 200) -> Any:
    return render_template("notifications/webhook_new.html", form=form, names=services.names()), status


def _values(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in ("name", "url", "events", "enabled")}


def _shown(webhook_id: int, *, form: forms.Form | None = None, secret: str | None = None) -> str:
    found = queries.endpoint(webhook_id)
    return render_template(
        "notifications/webhook.html",
        it=found,
        form=form or seen.form_of(schemas.WebhookChange, _values(found)),
        secret=secret,
        names=services.names(),
        failure=failures.words,
        states={"waiting": _("Waiting"), "sent": _("Delivered"), "failed": _("Failed")},
        page=queries.messages(webhook_id, request.args.get("cursor"), 25),
    )
