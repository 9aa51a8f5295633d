"""Who sends a request, and the door that stays until a first password is changed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, session, url_for

from app.accounts import labels, queries, services
from app.audit import services as audit
from app.core import clock, pages
from app.core.actor import Actor
from app.core.transaction import apart

blueprint = Blueprint("accounts", __name__)

SESSION_KEY = "sid"
OPEN_BEFORE_CHANGE = frozenset({"accounts.own_password", "accounts.own_password_post", "accounts.logout"})


def load_actor(institution_id: int) -> Actor:
    """Who sends this request: one select in the request's own transaction. Installed in core by wiring."""
    moment = clock.now()
    if request.path.startswith("/api/"):
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        return _token_actor(institution_id, token if scheme.lower() == "bearer" else "")
    if request.path.startswith("/open311/"):
        return _token_actor(institution_id, request.values.get("api_key", ""))
    secret = session.get(SESSION_KEY)
    row = queries.session_row(queries.token_digest(secret), moment) if isinstance(secret, str) else None
    if row is None:
        return Actor.anonymous(institution_id)
    services.note_seen(row.session_id, row.last_seen_at, moment)
    g.must_change_password = row.must_change_password
    return queries.as_actor(row, institution_id, session_id=row.session_id)


def _token_actor(institution_id: int, secret: str) -> Actor:
    if not secret.strip() or not secret.isascii():
        return Actor.anonymous(institution_id)
    moment = clock.now()
    row = queries.token_row(queries.token_digest(secret.strip()), moment)
    if row is None or row.must_change_password:
        return Actor.anonymous(institution_id)
    g.token_id = row.token_id
    services.note_token_used(row.token_id, row.last_used_at, moment)
    return queries.as_actor(row, institution_id, kind="token")


@blueprint.before_app_request
def _first_password() -> Any:
    """Until a password chosen by somebody else is changed, every page leads to the form that changes it."""
    if not getattr(g, "must_change_password", False) or request.endpoint in (None, "static", "portal.set_locale"):
        return None
    if request.endpoint in OPEN_BEFORE_CHANGE:
        return None
    return redirect(url_for("accounts.own_password"))


def note_refusal(actor: Actor, method: str, endpoint: str) -> None:
    """A signed-in person was refused a route: kept apart, since the request rolls back."""
    with apart() as kept:
        audit.record(
            actor,
            "refused",
            "route",
            None,
            now=clock.now(),
            after={"method": method, "endpoint": endpoint},
            success=False,
            address=request.remote_addr,
            session=kept,
        )


def safe_next(target: str | None) -> str:
    """A local path to go on to, else home."""
    return pages.local_path(target) or url_for("portal.home")


def page(template: str, status: int = 200, **context: Any) -> Any:
    """A page of this area; every one may use the words for codes."""
    return render_template(f"accounts/{template}", labels=labels, **context), status


@blueprint.app_template_filter("day_before")
def day_before(first_day_after: date) -> date:
    """The last day of a period that is stored by the first day after it."""
    return first_day_after - timedelta(days=1)
