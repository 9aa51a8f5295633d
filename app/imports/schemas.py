"""Shapes at the edge: what pages and the API take in and give out."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from app.core import forms, i18n
from app.core.importing import OUTCOMES, Importer, Reason
from app.imports import registry, wording
from app.imports.models import ImportBatch, ImportProgress, ImportRow
from app.imports.queries import as_reason, to_look_at
from app.imports.services import life


class UploadSchema(forms.Schema):
    """A new file."""

    kind = forms.Text(max=40, required=True)
    extent = forms.Text(max=4000, load_default="", multiline=True)
    scope = forms.Text(max=10, load_default="none", validate=validate.OneOf(["none", "whole", "codes"]))
    file = forms.Upload(required=True)


class UploadQuery(forms.Schema):
    """What a file sent to the API is; the file itself is the part `file` of a multipart body."""

    kind = forms.Text(max=40, required=True)
    extent = forms.Text(max=4000, load_default="")


class FileSchema(forms.Schema):
    file = forms.Upload(required=True)


class ReadingSchema(forms.Schema):
    """How to read the file."""

    encoding = forms.Text(max=40, load_default=None)
    sheet = forms.Text(max=200, load_default=None)


class ReturnSchema(forms.Schema):
    """Why a plan is sent back."""

    reason = forms.Text(max=500, required=True, multiline=True)


class PlanApprovalSchema(forms.Schema):
    """What an approver says besides: that the rows which ask for it were looked at one by one."""

    looked_at = fields.Boolean(
        load_default=False,
        metadata={
            "description": "The rows counted in `to_look_at` were looked at one by one; demanded where it is > 0."
        },
    )


class ListQuery(forms.QuerySchema):
    kind = forms.Text(max=40, load_default=None)
    open = fields.Boolean(load_default=False)


class RowQuery(forms.QuerySchema):
    outcome = forms.Text(load_default="refused", validate=validate.OneOf([each for each in OUTCOMES if each != "same"]))
    remark = forms.Text(max=40, load_default=None)


class ColumnsSchema(forms.Schema):
    """The mapping as the API takes it: row number of the headings, importer column → index in the file (from 0)."""

    header = fields.Integer(required=True, strict=True, validate=validate.Range(1, 10_000_000))
    columns = fields.Dict(
        keys=forms.Text(max=60),
        values=fields.Integer(strict=True, validate=validate.Range(0, 1000)),
        required=True,
        validate=validate.Length(max=200),
    )


class ProblemSchema(forms.Schema):
    code = fields.String()
    message = fields.String()
    remedy = fields.String()


class ProgressSchema(forms.Schema):
    stage = fields.String()
    done = fields.Integer()
    total = fields.Integer()


class BatchSchema(forms.Schema):
    """A batch as the API shows it."""

    id = forms.Id()
    number = fields.String()
    kind = fields.String()
    state = fields.String()
    filename = fields.String()
    extent = fields.String()
    counts = fields.Dict()
    to_look_at = fields.Integer(
        metadata={"description": "How many rows ask to be looked at one by one before the plan is approved."}
    )
    problem = fields.Nested(ProblemSchema, allow_none=True)
    progress = fields.Nested(ProgressSchema, allow_none=True)
    headings = fields.List(fields.String())
    columns = fields.Dict()
    uploaded_at = forms.Moment()
    uploader = fields.String()
    planned_at = forms.Moment(allow_none=True)
    decided_at = forms.Moment(allow_none=True)
    decider = fields.String()
    applied_at = forms.Moment(allow_none=True)
    undone_at = forms.Moment(allow_none=True)
    repeats = forms.Id(allow_none=True)
    version = fields.Integer()


class ReasonSchema(forms.Schema):
    column = fields.String(allow_none=True)
    value = fields.String()
    code = fields.String()
    message = fields.String()
    remedy = fields.String()


class RowSchema(forms.Schema):
    """A planned row as the API shows it; `diff` maps a field to [was, becomes], of several units was is a list."""

    row = fields.Integer(allow_none=True)
    outcome = fields.String()
    key = fields.String()
    label = fields.String()
    target = forms.Id(allow_none=True)
    diff = fields.Dict()
    reasons = fields.List(fields.Nested(ReasonSchema))
    remarks = fields.List(fields.Nested(ReasonSchema))


class BatchListSchema(forms.Schema):
    items = fields.List(fields.Nested(BatchSchema))
    next = fields.String(allow_none=True)


class RowListSchema(forms.Schema):
    items = fields.List(fields.Nested(RowSchema))
    next = fields.String(allow_none=True)


def batch_out(batch: ImportBatch, progress: ImportProgress | None = None) -> dict[str, Any]:
    """A batch in plain values, its sentences in the reader's language."""
    importer = registry.importer(batch.kind)
    said = wording.problem(batch.problem, importer)
    return {
        "id": batch.id,
        "number": life.number(batch.id),
        "kind": batch.kind,
        "state": batch.state,
        "filename": batch.filename,
        "extent": batch.extent,
        "counts": batch.counts,
        "to_look_at": to_look_at(batch, importer),
        "problem": said and {"code": (batch.problem or {})["code"], "message": said[0], "remedy": said[1]},
        "progress": progress and {"stage": progress.stage, "done": progress.done, "total": progress.total},
        "headings": batch.layout.get("headings", []),
        "columns": batch.layout.get("columns", {}),
        "uploaded_at": batch.uploaded_at,
        "uploader": batch.uploader,
        "planned_at": batch.planned_at,
        "decided_at": batch.decided_at,
        "decider": batch.decider,
        "applied_at": batch.applied_at,
        "undone_at": batch.undone_at,
        "repeats": batch.repeats_id,
        "version": batch.version,
    }


def row_out(row: ImportRow, importer: Importer[Any]) -> dict[str, Any]:
    """A planned row in plain values, its reasons in the reader's language."""
    return {
        "row": row.number,
        "outcome": row.outcome,
        "key": row.key,
        "label": row.label,
        "target": row.target_id,
        "diff": row.diff,
        "reasons": [reason_out(as_reason(each), importer) for each in row.reasons],
        "remarks": [reason_out(as_reason(each), importer) for each in row.remarks],
    }


def reason_out(why: Reason, importer: Importer[Any]) -> dict[str, Any]:
    return {
        "column": why.column,
        "value": why.value,
        "code": why.code,
        "message": wording.message(why, importer),
        "remedy": wording.remedy(why, importer),
    }


def moment(value: Any) -> str | None:
    """RFC 3339, for JSON printed by commands."""
    return i18n.iso(value)
