"""The one module that knows every area: blueprints, subscribers, periodic jobs, importers, navigation, commands.

Read it as a table of contents: what the product consists of, who reacts to what, what runs in the background.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from app.accounts import web as accounts_web
from app.audit import models as audit_models
from app.core import backup, deliveries, factory
from app.core.outbox import Event, Subscribers, Subscription
from app.core.pages import NavItem
from app.core.periodic import Periodic
from app.imports import models as imports_models
from app.portal import web as portal_web
from app.sites import models as sites_models

if TYPE_CHECKING:
    from flask import Blueprint, Flask

    from config import Config

MODELS = (audit_models, imports_models, sites_models)  # imported for their tables: areas without routes of their own

WEB: tuple[Blueprint, ...] = (accounts_web.blueprint, portal_web.blueprint)

API: tuple[Any, ...] = ()

SUBSCRIBERS: dict[type[Event], tuple[Subscription, ...]] = {}

PERIODIC: tuple[Periodic, ...] = ()

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
    for blueprint in WEB:
        app.register_blueprint(blueprint)
    for blueprint in API:
        factory.csrf.exempt(blueprint)
        app.extensions["houqin_api"].register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    deliveries.serve(app)
    return app
