"""Who leads on duty: by campus and trade, now and later."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from app.accounts.models import Person
from app.accounts.web import people as people_pages
from app.core import clock, forms
from app.core.http import current_actor, policy
from app.tickets import policies
from app.tickets.dispatch import schemas
from app.tickets.dispatch.technicians import blueprint, trade_choices
from app.tickets.order_forms import wall
from app.tickets.queries import narrowing
from app.tickets.queries import technicians as queries
from app.tickets.services import technicians as services


@blueprint.get("/duty")
@policy(policies.may_edit_crews)
def duty() -> Any:
    """The roster, and the form that adds to it."""
    return _page(forms.Form(schemas.Duty, {"starts_at": wall(clock.now())}))


def _page(form: forms.Form, choices: Any = (), status: int = 200) -> Any:
    now = clock.now()
    actor, rows = current_actor(), queries.duty_roster(now).items
    campuses = [row for row in narrowing.campuses_and_buildings() if row.kind == "campus"]
    context: dict[str, Any] = {
        "form": form,
        "choices": choices,
        "mask": people_pages.shown_number,
        "rows": rows,
        "ends": {row.id for row in rows if policies.in_scope(actor, policies.CREWS, row)},
        "now": now,
        "campuses": [{"value": row.id, "label": row.name} for row in campuses],
        "trades": trade_choices("id"),
    }
    return render_template("tickets/dispatch/duty.html", **context), status


@blueprint.post("/duty")
@policy(policies.may_edit_crews)
def add_duty() -> Any:
    """Somebody leads for a time."""
    form = forms.Form(schemas.Duty)
    data = form.load(request.form)
    meant: Any = [] if data is None else people_pages.picked(form, data)
    if data is None or not isinstance(meant, Person):
        return _page(form, meant, 422)
    with form.heeding():
        services.set_duty_lead(
            actor=current_actor(),
            now=clock.now(),
            person_id=meant.id,
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            campus_id=data["campus"],
            trade_id=data["trade"],
        )
        return redirect(url_for("technicians.duty"), 303)
    return _page(form, status=form.status)


@blueprint.post("/duty/<duty_id>/end")
@policy(policies.may_edit_crews)
def end_duty(duty_id: str) -> Any:
    """A duty ends now, or is taken back where it has not begun."""
    number = forms.id_in_address(duty_id)
    services.end_duty(actor=current_actor(), now=clock.now(), duty_id=number)
    return redirect(url_for("technicians.duty"), 303)
