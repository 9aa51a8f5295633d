"""Pages of webhooks for administrators."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms
from app.core.errors import Conflict, Rejected, Stale
from app.core.http import current_actor, policy
from app.core.http.idempotency import ignores_key
from app.core.pages import toast
from app.notifications import policies
from app.notifications.webhooks import calling, failures, queries, schemas, services

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")


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
    seen = forms.seen_in(request.form)
    try:
        services.change(
            webhook_id, actor=current_actor(), now=clock.now(), seen=seen, allowed=calling.allowed_here(), **data
        )
    except Rejected as error:
        form.refuse(error)
        return _shown(webhook_id, form=form), 422
    except Stale:
        return _meanwhile(webhook_id)
    toast(_("Saved."))
    return redirect(url_for("webhooks.show", webhook_id=webhook_id))


@blueprint.post("/<int:webhook_id>/secret")
@ignores_key
@policy(policies.write_webhooks)
def renew_secret(webhook_id: int) -> Any:
    """A new secret, shown in this answer and never again."""
    seen = forms.seen_in(request.form)
    try:
        found = services.renew_secret(webhook_id, actor=current_actor(), now=clock.now(), seen=seen)
    except Stale:
        return _meanwhile(webhook_id)
    return _shown(webhook_id, secret=found.secret)


@blueprint.post("/<int:webhook_id>/test")
@policy(policies.write_webhooks)
def send_test(webhook_id: int) -> Any:
    """Send a message without content."""
    try:
        services.send_test(webhook_id, actor=current_actor(), now=clock.now())
        toast(_("A test message is on its way. Load this page again to see how it fared."))
    except Conflict as refused:
        toast(refused.message, "late")
    return redirect(url_for("webhooks.show", webhook_id=webhook_id))


@blueprint.post("/<int:webhook_id>/remove")
@policy(policies.write_webhooks)
def remove(webhook_id: int) -> Any:
    """Send nothing there any more."""
    seen = forms.seen_in(request.form)
    try:
        services.remove(webhook_id, actor=current_actor(), now=clock.now(), seen=seen)
    except Stale:
        return _meanwhile(webhook_id)
    toast(_("The webhook is removed."))
    return redirect(url_for("webhooks.index"))


@blueprint.post("/messages/<int:message_id>/replay")
@policy(policies.write_webhooks)
def replay(message_id: int) -> Any:
    """Send one message again."""
    found = services.replay(message_id, actor=current_actor(), now=clock.now())
    toast(_("The message is sent again."))
    return redirect(url_for("webhooks.show", webhook_id=found.endpoint_id))


def _form(form: forms.Form, status: int = 200) -> Any:
    return render_template("notifications/webhook_new.html", form=form, names=services.names()), status


def _meanwhile(webhook_id: int) -> Any:
    """The page as it stands now, for whoever acted on an older one."""
    form = forms.Form(schemas.WebhookChange)
    form.problem = _("Somebody changed this webhook in the meantime. Here is how it stands now.")
    return _shown(webhook_id, form=form), 412


def _shown(webhook_id: int, *, form: forms.Form | None = None, secret: str | None = None) -> str:
    found = queries.endpoint(webhook_id)
    now_so = {"name": found.name, "url": found.url, "events": found.events, "enabled": found.enabled}
    shown = form or forms.Form(schemas.WebhookChange)
    shown.values = {**now_so, **shown.values}
    return render_template(
        "notifications/webhook.html",
        it=found,
        form=shown,
        secret=secret,
        names=services.names(),
        failure=failures.words,
        states={"waiting": _("Waiting"), "sent": _("Taken"), "failed": _("Failed")},
        page=queries.messages(webhook_id, request.args.get("cursor"), 25),
    )
