"""The priority matrix as a page: how far a fault reaches × how urgent it was said to be (tickets-rules 26)."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import fields, validate

from app.core import clock, forms
from app.core.errors import Stale
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.tickets import policies, sla_words
from app.tickets.dispatch.sla_policies import blueprint
from app.tickets.rules.priority import IMPACT_LABELS, MATRIX, ROWS, URGENCIES
from app.tickets.rules.reasons import REASON_LIMIT
from app.tickets.services import priority_matrix as services
from app.tickets.services.priorities import matrix


class MatrixForm(forms.Schema):
    """What the form says besides the cells; `seen` is the version its author looked at."""

    seen = fields.Integer(load_default=-1, validate=validate.Range(-1, forms.MAX_ID))
    reason = forms.Text(max=REASON_LIMIT, load_default="")


@blueprint.get("/priorities")
@policy(policies.may_read_policies)
def priorities() -> Any:
    """The matrix, to be read or changed."""
    cells = {f"{impact}_{urgency}": cell for impact, row in matrix().items() for urgency, cell in _cells(row)}
    return _page(forms.Form(MatrixForm, cells))


@blueprint.post("/priorities")
@policy(policies.may_edit_policies)
def priorities_post() -> Any:
    """Change it, for requests reported or corrected from now on."""
    form = forms.Form(MatrixForm)
    data = form.load(request.form)
    form.beside |= {f"{impact}_{urgency}" for impact in ROWS for urgency in URGENCIES}
    if data is not None:
        given = {impact: tuple(request.form.get(f"{impact}_{each}", "") for each in URGENCIES) for impact in ROWS}
        with form.heeding(Stale):
            changed = services.set_matrix(
                actor=current_actor(), now=clock.now(), given=given, reason=data["reason"], seen=data["seen"]
            )
            toast(ngettext("%(num)s cell changed.", "%(num)s cells changed.", changed))
            return redirect(url_for("sla.priorities"), 303)
    return _page(form, form.status)


def _cells(row: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(zip(URGENCIES, row, strict=True))


def _page(form: forms.Form, status: int = 200) -> Any:
    urgencies = list(reversed(sla_words.priorities(URGENCIES)))
    last = services.last_change()
    context = {
        "form": form,
        "impacts": [(impact, _(IMPACT_LABELS[impact])) for impact in ROWS],
        "urgencies": urgencies,
        "words": dict(urgencies),
        "choices": sla_words.options(urgencies),
        "usual": {f"{impact}_{urgency}": cell for impact, row in MATRIX.items() for urgency, cell in _cells(row)},
        "heads": [{"label": _("It reaches")}, *({"label": word} for _code, word in urgencies)],
        "labels": sla_words.cell_labels(),
        "last": last,
        "may_edit": policies.may_edit_policies(current_actor()),
    }
    return render_template("tickets/sla/priorities.html", **context), status
