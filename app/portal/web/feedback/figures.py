"""The figures of feedback on a page, and as a file."""

from __future__ import annotations

from typing import Any, cast

from flask import render_template, request, send_file, url_for
from flask_babel import gettext as _

from app.core import forms, tables
from app.core.errors import NotFound
from app.core.http import current_actor, policy
from app.portal import feedback_report, policies
from app.portal.feedback_report import Report
from app.portal.rules.feedback import Kind
from app.portal.rules.feedback_figures import By
from app.portal.schemas.feedback_figures import FiguresQuery
from app.portal.web.feedback.blueprint import blueprint


@blueprint.get("/figures")
@policy(policies.oversee)
def figures() -> str:
    """How much was said of what, what was answered in time, and how long the first answer took."""
    found = _report()
    kept = {"first": found.first.isoformat(), "last": found.last.isoformat(), "by": found.by.value}
    return render_template(
        "portal/feedback/figures.html",
        report=found,
        kept=kept,
        words=feedback_report,
        chart=feedback_report.chart(found),
        choices=[{"value": by.value, "label": feedback_report.by_label(by)} for by in By],
        late=_late(found),
    )


@blueprint.get("/figures.<form>")
@policy(policies.oversee)
def figures_file(form: str) -> Any:
    """The same as a file."""
    if form not in tables.MIMETYPES:
        raise NotFound
    found = _report()
    lines = [(_("all"), found.total), *((name, tally) for _key, name, tally in found.groups)]
    rows = (feedback_report.row(name, tally) for name, tally in lines)
    stream = tables.written(cast(tables.Format, form), feedback_report.headings(found.by), rows, _("Feedback"))
    name = f"feedback-{found.first.isoformat()}-{found.last.isoformat()}.{form}"
    return send_file(stream, mimetype=tables.MIMETYPES[form], as_attachment=True, download_name=name)


def _report() -> Report:
    given = {name: value for name, value in request.args.items() if value != ""}
    return feedback_report.report(current_actor(), forms.load(FiguresQuery(), given))


def _late(found: Report) -> dict[str | None, str]:
    """Where the late ones of a kind are listed; None: those of all kinds."""
    if not policies.handle(current_actor()):
        return {}
    addresses: dict[str | None, str] = {None: url_for("feedback.desk", view="late")}
    if found.by is By.KIND:
        addresses |= {kind.value: url_for("feedback.desk", view="late", kind=kind.value) for kind in Kind}
    return addresses
