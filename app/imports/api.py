"""Imports over the API: upload, watch, settle the columns, decide; the same engine as the wizard."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import FileStorage

from app.core import clock
from app.core.errors import NotFound
from app.core.http import (
    ApiBlueprint,
    accepts,
    answers,
    current_actor,
    json_list,
    policy,
    seen_version,
    upload,
    versioned,
)
from app.imports import policies, queries, registry, schemas
from app.imports.models import ImportBatch
from app.imports.rules import stages
from app.imports.services import decisions, intake

blueprint = ApiBlueprint("imports", __name__, description="Bulk data in stages: upload, columns, dry run, decision.")

Answer = tuple[Any, int, dict[str, str]]


def _batch(batch_id: int) -> ImportBatch:
    found = queries.batch(current_actor(), batch_id)
    if found is None:
        raise NotFound
    return found


def _answer(batch: ImportBatch, status: int = 200) -> Answer:
    progress = queries.progress(batch.id) if batch.state in stages.RUNNING else None
    return versioned(schemas.batch_out(batch, progress), batch.version, status)


@blueprint.route("/imports", methods=["GET"])
@accepts(blueprint, schemas.ListQuery, "query")
@answers(blueprint, 200, schemas.BatchListSchema)
@policy(policies.can_see)
def list_imports(asked: dict[str, Any]) -> dict[str, Any]:
    """Imports of the kinds you may see, newest first."""
    found = queries.batches(
        current_actor(), kind=asked["kind"], open_only=asked["open"], cursor=asked["cursor"], limit=asked["limit"]
    )
    return json_list([schemas.batch_out(each) for each in found.items], found.next)


@blueprint.route("/imports", methods=["POST"])
@accepts(blueprint, schemas.UploadQuery, "query")
@accepts(blueprint, schemas.FileSchema, "files")
@answers(blueprint, 201, schemas.BatchSchema)
@upload(intake.MEGABYTES)
@policy(policies.can_upload)
def create_import(asked: dict[str, Any], sent: dict[str, Any]) -> Answer:
    """Send a file; it is looked at in the background (state `uploaded`, then `mapping` or `asking`)."""
    file: FileStorage = sent["file"]
    batch = intake.upload(
        file.stream,
        kind=asked["kind"],
        filename=file.filename or "",
        extent=asked["extent"],
        source="api",
        actor=current_actor(),
        now=clock.now(),
    )
    return _answer(batch, 201)


@blueprint.route("/imports/<int:batch_id>", methods=["GET"])
@answers(blueprint, 200, schemas.BatchSchema)
@policy(policies.can_see)
def get_import(batch_id: int) -> Answer:
    """One import with its counts and, while a stage runs, its progress."""
    return _answer(_batch(batch_id))


@blueprint.route("/imports/<int:batch_id>/rows", methods=["GET"])
@accepts(blueprint, schemas.RowQuery, "query")
@answers(blueprint, 200, schemas.RowListSchema)
@policy(policies.can_see)
def list_rows(asked: dict[str, Any], batch_id: int) -> dict[str, Any]:
    """Planned rows of one outcome in the order of the file; rows that change nothing are counted, not listed.

    With `remark` (a key of `counts.remarks`): the rows that bear it, whatever becomes of them.
    """
    batch = _batch(batch_id)
    importer = registry.importer(batch.kind)
    if asked["remark"] is None:
        found = queries.rows(batch.id, asked["outcome"], cursor=asked["cursor"], limit=asked["limit"])
    else:
        found = queries.remarked(batch.id, asked["remark"], cursor=asked["cursor"], limit=asked["limit"])
    return json_list([schemas.row_out(each, importer) for each in found.items], found.next)


@blueprint.route("/imports/<int:batch_id>/reading", methods=["POST"])
@accepts(blueprint, schemas.ReadingSchema)
@answers(blueprint, 200, schemas.BatchSchema)
@policy(policies.can_run)
def choose_reading(data: dict[str, Any], batch_id: int) -> Answer:
    """Say in which encoding, or which sheet, to read; the file is looked at again."""
    _batch(batch_id)
    return _answer(
        intake.choose_reading(
            batch_id, **data, actor=current_actor(), now=clock.now(), seen=seen_version(required=False)
        )
    )


@blueprint.route("/imports/<int:batch_id>/columns", methods=["POST"])
@accepts(blueprint, schemas.ColumnsSchema)
@answers(blueprint, 200, schemas.BatchSchema)
@policy(policies.can_run)
def choose_columns(data: dict[str, Any], batch_id: int) -> Answer:
    """Settle heading row and mapping (the import shows the ones proposed); the dry run follows."""
    _batch(batch_id)
    return _answer(
        intake.choose_columns(
            batch_id, **data, actor=current_actor(), now=clock.now(), seen=seen_version(required=False)
        )
    )


@blueprint.route("/imports/<int:batch_id>/apply", methods=["POST"])
@answers(blueprint, 200, schemas.BatchSchema)
@policy(policies.can_run)
def apply_import(batch_id: int) -> Answer:
    """Apply a plan that needs no approval (state `planned`); one older than 24 hours is run again instead."""
    _batch(batch_id)
    return _answer(decisions.order(batch_id, actor=current_actor(), now=clock.now(), seen=seen_version(required=False)))


@blueprint.route("/imports/<int:batch_id>/approve", methods=["POST"])
@accepts(blueprint, schemas.PlanApprovalSchema)
@answers(blueprint, 200, schemas.BatchSchema)
@policy(policies.can_approve)
def approve_import(sent: dict[str, Any], batch_id: int) -> Answer:
    """Approve somebody else's plan (state `waiting`), which applies it.

    Where the import has a `to_look_at` (names that change, say), `looked_at: true` says that these rows were looked at
    one by one; without it 422. They are listed by `GET /imports/{id}/rows?remark=`. A plan older than 24 hours is run
    again instead.
    """
    _batch(batch_id)
    return _answer(
        decisions.approve(batch_id, actor=current_actor(), now=clock.now(), seen=seen_version(required=False), **sent)
    )


@blueprint.route("/imports/<int:batch_id>/return", methods=["POST"])
@accepts(blueprint, schemas.ReturnSchema)
@answers(blueprint, 200, schemas.BatchSchema)
@policy(policies.can_approve)
def return_import(data: dict[str, Any], batch_id: int) -> Answer:
    """Refuse to approve, with a reason."""
    _batch(batch_id)
    return _answer(
        decisions.send_back(
            batch_id,
            data["reason"],
            actor=current_actor(),
            now=clock.now(),
            seen=seen_version(required=False),
        )
    )


@blueprint.route("/imports/<int:batch_id>/withdraw", methods=["POST"])
@answers(blueprint, 200, schemas.BatchSchema)
@policy(policies.can_run)
def withdraw_import(batch_id: int) -> Answer:
    """Drop an import that was not applied."""
    _batch(batch_id)
    return _answer(
        decisions.withdraw(batch_id, actor=current_actor(), now=clock.now(), seen=seen_version(required=False))
    )


@blueprint.route("/imports/<int:batch_id>/undo", methods=["POST"])
@answers(blueprint, 200, schemas.BatchSchema)
@policy(policies.can_see)
def undo_import(batch_id: int) -> Answer:
    """Take an applied import back, within 24 hours and while nothing depends on it."""
    _batch(batch_id)
    return _answer(
        decisions.order_undo(batch_id, actor=current_actor(), now=clock.now(), seen=seen_version(required=False))
    )
