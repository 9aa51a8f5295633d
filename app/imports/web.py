"""The import wizard: upload, columns, dry run, decision, result. Works as plain forms; progress is live with htmx."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.audit import quicker
from app.core import clock, forms, tables
from app.core.errors import Conflict, NotFound, Rejected
from app.core.http import current_actor, policy, upload
from app.core.importing import Outcome, Reason
from app.core.pages import toast
from app.core.refusals import permit
from app.imports import policies, queries, registry, reports, screens, wording
from app.imports.models import ImportBatch
from app.imports.rules import stages
from app.imports.schemas import ListQuery, PlanApprovalSchema, ReadingSchema, ReturnSchema, UploadSchema
from app.imports.services import decisions, intake, life

blueprint = Blueprint("imports", __name__, url_prefix="/imports")


def _batch(batch_id: int) -> ImportBatch:
    found = queries.batch(current_actor(), batch_id)
    if found is None:
        raise NotFound
    return found


def _seen() -> int:
    return forms.seen_in(request.form)


def _show(batch_id: int) -> Response:
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


@blueprint.get("")
@policy(policies.can_see)
def index() -> str:
    """All imports of the kinds the reader may see, newest first."""
    asked = forms.load(ListQuery(unknown="exclude"), request.args)
    found = queries.batches(current_actor(), kind=asked["kind"], open_only=asked["open"], cursor=asked["cursor"])
    return render_template("imports/list.html", page=found, asked=asked, screens=screens, kinds=_kinds())


def _kinds() -> list[dict[str, Any]]:
    """Kinds the reader may upload."""
    actor = current_actor()
    return [
        {"value": each.kind, "label": str(each.label), "extent": each.takes_extent}
        for each in registry.importers()
        if policies.can_run_kind(actor, each)
    ]


@blueprint.get("/new")
@policy(policies.can_upload)
def new() -> str:
    form = forms.Form(UploadSchema, {"kind": request.args.get("kind", ""), "scope": "none"})
    return render_template("imports/new.html", form=form, kinds=_kinds())


@blueprint.post("/new")
@upload(intake.MEGABYTES)
@policy(policies.can_upload)
def new_post() -> Any:
    """Take the file in; looking at it begins at once in the background."""
    form = forms.Form(UploadSchema)
    data = form.load(request.form, request.files)
    if data is not None and data["scope"] == "codes" and not data["extent"]:
        form.refuse({"extent": [_("Name the codes of the part the list is complete for.")]})
    elif data is not None:
        extent = {"none": "", "whole": "whole"}.get(data["scope"], data["extent"])
        try:
            batch = intake.upload(
                data["file"].stream,
                kind=data["kind"],
                filename=data["file"].filename or "",
                extent=extent,
                source="web",
                actor=current_actor(),
                now=clock.now(),
            )
            return _show(batch.id)
        except Rejected as refused:
            form.refuse(refused)
    return render_template("imports/new.html", form=form, kinds=_kinds()), 422


@blueprint.get("/templates/<kind>.<form>")
@policy(policies.can_see)
def template(kind: str, form: str) -> Response:
    """An empty table with the headings of a kind."""
    importer = registry.importer(kind)
    permit(current_actor(), lambda somebody: policies.knows_kind(somebody, importer))
    return _download(reports.template(importer, _format(form)), f"{kind}.{form}", form)


def _format(name: str) -> tables.Format:
    if name == "xlsx":
        return "xlsx"
    if name == "csv":
        return "csv"
    raise NotFound


def _download(stream: Any, name: str, form: str) -> Response:
    return send_file(stream, mimetype=tables.MIMETYPES[form], as_attachment=True, download_name=name)


@blueprint.get("/<int:batch_id>")
@policy(policies.can_see)
def show(batch_id: int) -> str:
    """One import, as far as it is."""
    batch = _batch(batch_id)
    header = forms.parse_id(request.args.get("header"))
    page = screens.Screen.of(batch, current_actor(), clock.now(), header)
    return render_template("imports/show.html", it=page, form=forms.Form(ReturnSchema))


@blueprint.get("/<int:batch_id>/state")
@policy(policies.can_see)
def state(batch_id: int) -> Response:
    """The progress fragment; once the stage has ended the page is loaded anew."""
    batch = _batch(batch_id)
    page = screens.Screen.of(batch, current_actor(), clock.now(), None)
    answer = make_response(render_template("imports/_progress.html", it=page))
    if batch.state not in stages.RUNNING:
        answer.headers["HX-Redirect"] = url_for("imports.show", batch_id=batch_id)
    return answer


_LISTED: dict[str, Outcome] = {"new": "new", "changed": "changed", "missing": "missing", "refused": "refused"}


@blueprint.get("/<int:batch_id>/rows/<outcome>")
@policy(policies.can_see)
def rows(batch_id: int, outcome: str) -> str:
    """All rows of one outcome; of changed ones those in which one field does, of refused ones those of one reason."""
    batch = _batch(batch_id)
    known = _LISTED.get(outcome)
    if known is None:
        raise NotFound
    why = _why() if known == "refused" else None
    field = _counted(batch, "field", "fields") if known == "changed" else None
    found = queries.rows(
        batch.id,
        known,
        why=why,
        field=field,
        cursor=request.args.get("cursor"),
        limit=100,
    )
    page = screens.Screen.of(batch, current_actor(), clock.now(), None)
    title = wording.column_label(field, page.importer) if field else wording.OUTCOMES[known]
    asked: dict[str, Any] = screens.asked(why) if why else {"field": field} if field else {}
    at = url_for("imports.rows", batch_id=batch.id, outcome=known, **asked)
    return render_template("imports/rows.html", it=page, page=found, outcome=known, title=title, at=at)


@blueprint.get("/<int:batch_id>/remarks/<name>")
@policy(policies.can_see)
def remarks(batch_id: int, name: str) -> str:
    """All rows with one remark: what an approver looks at one by one."""
    batch = _batch(batch_id)
    if name not in (batch.counts or {}).get("remarks", {}):
        raise NotFound
    found = queries.remarked(batch.id, name, cursor=request.args.get("cursor"), limit=100)
    page = screens.Screen.of(batch, current_actor(), clock.now(), None)
    kind = "changed" if any(row.diff for row in found.items) else "new"
    title, at = wording.summary(name, page.importer), url_for("imports.remarks", batch_id=batch.id, name=name)
    return render_template("imports/rows.html", it=page, page=found, outcome=kind, title=title, at=at)


def _counted(batch: ImportBatch, name: str, group: str) -> str | None:
    """What an address asks for among what the dry run has counted. Raises NotFound for what it has not."""
    asked = request.args.get(name)
    if asked is not None and asked not in (batch.counts or {}).get(group, {}):
        raise NotFound
    return asked


def _why() -> Reason | None:
    """The reason whose rows an address asks for. Raises NotFound for one no row can have."""
    code, column, value = (request.args.get(name, "") for name in ("code", "column", "value"))
    if "\x00" in code + column + value:
        raise NotFound
    return Reason(code, column or None, value) if code else None


@blueprint.get("/<int:batch_id>/refused.<form>")
@policy(policies.can_see)
def refused(batch_id: int, form: str) -> Response:
    """The refused rows with their reasons, to be mended and uploaded again."""
    batch, kind = _batch(batch_id), _format(form)
    name = f"{life.number(batch.id)}-refused.{form}"
    return _download(reports.refused_rows(batch, registry.importer(batch.kind), kind), name, form)


DECISIONS = ("import.approve", "import.order", "import.return", "import.withdraw", "import.undo_order")
"""The acts of people that change what the page of an import offers."""


def _doing(
    batch: ImportBatch,
    act: Callable[[], object],
    form: forms.Form | None = None,
    *,
    header: int | None = None,
    then: str | None = None,
) -> Any:
    """Do what a button or form of the page asks and go on (`then`: elsewhere); else the page with what stands against
    it, or who was quicker."""
    form = form or forms.Form(ReturnSchema)
    with (
        form.heeding(Conflict),
        quicker.telling(current_actor(), "import", batch.id, *DECISIONS, form=form),
    ):
        act()
        return redirect(then, 303) if then else _show(batch.id)
    return _again(batch, form, header)


def _again(batch: ImportBatch, form: forms.Form, header: int | None = None) -> Any:
    """The page once more, with what was said of the form; what the page has no place for is said on top."""
    if form.status == Conflict.status:
        toast(form.problem, "late")
    page = screens.Screen.of(batch, current_actor(), clock.now(), header)
    return render_template("imports/show.html", it=page, form=form), form.status


@blueprint.post("/<int:batch_id>/reading")
@policy(policies.can_run)
def reading(batch_id: int) -> Any:
    """Another encoding or sheet."""
    data = forms.load(ReadingSchema(unknown="exclude"), request.form)
    return _doing(
        _batch(batch_id),
        lambda: intake.choose_reading(batch_id, **data, actor=current_actor(), now=clock.now(), seen=_seen()),
    )


_COLUMN = re.compile(r"[0-9]{1,4}")
NOWHERE = -1
"""The column of a file that is named by what can be none."""


@blueprint.post("/<int:batch_id>/columns")
@policy(policies.can_run)
def columns(batch_id: int) -> Any:
    """The mapping is settled; the dry run begins."""
    batch = _batch(batch_id)
    importer = registry.importer(batch.kind)
    chosen = {each.name: request.form.get(f"column-{each.name}", "") for each in importer.columns}
    mapping = {name: int(index) if _COLUMN.fullmatch(index) else NOWHERE for name, index in chosen.items() if index}
    header = forms.parse_id(request.form.get("header")) or 0
    form = forms.Form(ReturnSchema, {f"column-{name}": index for name, index in chosen.items()})
    return _doing(
        batch,
        lambda: intake.choose_columns(
            batch_id, header=header, columns=mapping, actor=current_actor(), now=clock.now(), seen=_seen()
        ),
        form,
        header=header,
    )


@blueprint.post("/<int:batch_id>/back")
@policy(policies.can_run)
def back(batch_id: int) -> Any:
    """Choose the columns anew."""
    return _doing(_batch(batch_id), lambda: intake.back_to_columns(batch_id, actor=current_actor(), seen=_seen()))


@blueprint.post("/<int:batch_id>/again")
@policy(policies.can_see)
def again(batch_id: int) -> Any:
    """Run the dry run once more."""
    return _doing(
        _batch(batch_id),
        lambda: decisions.run_again(batch_id, actor=current_actor(), now=clock.now(), seen=_seen()),
    )


@blueprint.post("/<int:batch_id>/apply")
@policy(policies.can_run)
def apply(batch_id: int) -> Any:
    """Order the rows to be written."""
    return _doing(
        _batch(batch_id),
        lambda: _tell_stale(decisions.order(batch_id, actor=current_actor(), now=clock.now(), seen=_seen())),
    )


@blueprint.post("/<int:batch_id>/approve")
@policy(policies.can_approve)
def approve(batch_id: int) -> Any:
    """Approve somebody else's plan."""
    batch, form = _batch(batch_id), forms.Form(PlanApprovalSchema)
    data = form.load(request.form)
    if data is None:
        return _again(batch, form)
    return _doing(
        batch,
        lambda: _tell_stale(decisions.approve(batch_id, actor=current_actor(), now=clock.now(), seen=_seen(), **data)),
        form,
    )


def _tell_stale(batch: ImportBatch) -> None:
    if batch.state == "planning":
        toast(_("The result was older than 24 hours, so the dry run is repeated. Decide on the new result."), "soon")


@blueprint.post("/<int:batch_id>/return")
@policy(policies.can_approve)
def send_back(batch_id: int) -> Any:
    """Send somebody else's plan back, with the reason."""
    batch, form = _batch(batch_id), forms.Form(ReturnSchema)
    data = form.load(request.form)
    if data is None:
        return _again(batch, form)
    return _doing(
        batch,
        lambda: decisions.send_back(batch_id, data["reason"], actor=current_actor(), now=clock.now(), seen=_seen()),
        form,
    )


@blueprint.post("/<int:batch_id>/withdraw")
@policy(policies.can_run)
def withdraw(batch_id: int) -> Any:
    """Drop an import; nothing was written."""
    return _doing(
        _batch(batch_id),
        lambda: decisions.withdraw(batch_id, actor=current_actor(), now=clock.now(), seen=_seen()),
        then=url_for("imports.index"),
    )


@blueprint.post("/<int:batch_id>/undo")
@policy(policies.can_see)
def undo(batch_id: int) -> Any:
    """Ask for an applied import to be taken back."""
    return _doing(
        _batch(batch_id),
        lambda: decisions.order_undo(batch_id, actor=current_actor(), now=clock.now(), seen=_seen()),
    )
