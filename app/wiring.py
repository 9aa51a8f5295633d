"""The one module that knows every area: blueprints, subscribers, periodic jobs, importers, navigation, commands.

Read it as a table of contents: what the product consists of, who reacts to what, what runs in the background.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from app.accounts import web as accounts_web
from app.attachments import handlers as attachments_handlers
from app.attachments import policies as attachments_policies
from app.attachments import web as attachments_web
from app.audit import models as audit_models
from app.core import backup, deliveries, factory
from app.core.outbox import Event, Subscribers, Subscription
from app.core.pages import NavItem
from app.core.periodic import Periodic
from app.events.attachments import AttachmentReceived, AttachmentSweepDue
from app.imports import models as imports_models
from app.portal import web as portal_web
from app.sites import models as sites_models
from app.tickets import models as tickets_models

if TYPE_CHECKING:
    from flask import Blueprint, Flask

    from config import Config

MODELS = (audit_models, imports_models, sites_models, tickets_models)  # imported for their tables: areas without routes of their own

WEB: tuple[Blueprint, ...] = (accounts_web.blueprint, attachments_web.blueprint, portal_web.blueprint)

API: tuple[Any, ...] = ()

SUBSCRIBERS: dict[type[Event], tuple[Subscription, ...]] = {
    AttachmentReceived: (
        Subscription("attachments.reencode", attachments_handlers.reencode, queue="long", stepwise=True),
    ),
    AttachmentSweepDue: (Subscription("attachments.sweep", attachments_handlers.sweep, queue="long", stepwise=True),),
}

ATTACHMENT_VIEWERS: dict[str, attachments_policies.Viewer] = {}  # owner kind → may this actor see it

PERIODIC: tuple[Periodic, ...] = (Periodic("attachments.sweep", 86_400, AttachmentSweepDue),)

NAVIGATION: tuple[NavItem, ...] = ()

COMMANDS: tuple[Any, ...] = (backup.backup_command, backup.restore_command)


def build(config: Config, role: Literal["web", "worker"]) -> Flask:
    """The whole application."""
    app = factory.bare_app(config, role)
    app.extensions["houqin_subscribers"] = Subscribers(SUBSCRIBERS)
    app.extensions["houqin_periodic"] = {job.name: job for job in PERIODIC}
    app.extensions["houqin_nav"] = NAVIGATION
    app.extensions["houqin_load_actor"] = accounts_web.load_actor
    app.extensions["houqin_note_refusal"] = accounts_web.note_refusal
    attachments_policies.use(ATTACHMENT_VIEWERS)
    for blueprint in WEB:
        app.register_blueprint(blueprint)
    for blueprint in API:
        factory.csrf.exempt(blueprint)
        app.extensions["houqin_api"].register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    deliveries.serve(app)
    return app
