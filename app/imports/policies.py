"""Who may import what: `imports.run` and `imports.approve`, and for each kind its area's own permission too."""

from __future__ import annotations

from typing import Any

from app.core.actor import Actor
from app.core.importing import Importer
from app.imports import registry
from app.imports.models import ImportBatch


def can_run(actor: Actor) -> bool:
    """Upload and plan (some kind)."""
    return actor.can("imports.run")


def can_upload(actor: Actor) -> bool:
    """Upload a file: some kind is theirs to import."""
    return any(can_run_kind(actor, each) for each in registry.importers())


def can_approve(actor: Actor) -> bool:
    """Approve somebody else's plan (of some kind)."""
    return actor.can("imports.approve")


def can_see(actor: Actor) -> bool:
    """Open the pages of imports."""
    return can_run(actor) or can_approve(actor)


def in_navigation(actor: Actor) -> bool:
    """Has something there: some kind is theirs to import or approve."""
    return bool(visible_kinds(actor))


def knows_kind(actor: Actor, importer: Importer[Any]) -> bool:
    """Holds the area's permission, for the whole institution where the kind demands that."""
    if not importer.whole_institution:
        return actor.can(importer.permission)
    return actor.holds_everywhere(importer.permission)


def can_run_kind(actor: Actor, importer: Importer[Any]) -> bool:
    return can_run(actor) and knows_kind(actor, importer)


def can_approve_kind(actor: Actor, importer: Importer[Any]) -> bool:
    return can_approve(actor) and knows_kind(actor, importer)


def can_decide_kind(actor: Actor, importer: Importer[Any]) -> bool:
    """Runs a plan anew, or takes an applied one back: whoever may upload the kind, or approve it."""
    return can_run_kind(actor, importer) or can_approve_kind(actor, importer)


def visible_kinds(actor: Actor) -> tuple[str, ...]:
    """Kinds whose batches the actor sees; everybody who may run a kind sees all batches of it."""
    if not can_see(actor):
        return ()
    return tuple(each.kind for each in registry.importers() if knows_kind(actor, each))


def is_own(actor: Actor, batch: ImportBatch) -> bool:
    """Separation of duties: nobody approves the own upload."""
    return actor.id is not None and actor.id == batch.uploaded_by
