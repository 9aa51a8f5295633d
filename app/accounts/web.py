"""Sign-in and who is signed in."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from marshmallow import fields, validate

from app.accounts import queries, services
from app.audit import services as audit
from app.core import clock, forms
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.http import anyone, current_actor, policy, signed_in
from app.core.transaction import apart

blueprint = Blueprint("accounts", __name__)

SESSION_KEY = "sid"
_LOCAL_PATH = re.compile(r"^/(?![/\\])[^\x00-\x1f\\]*$")


def load_actor(institution_id: int) -> Actor:
    """Who sends this request: one select in the request's own transaction. Installed in core by wiring."""
    moment = clock.now()
    if request.path.startswith("/api/"):
        return _token_actor(institution_id)
    secret = session.get(SESSION_KEY)
    row = queries.session_row(queries.token_digest(secret), moment) if isinstance(secret, str) else None
    if row is None:
        return Actor.anonymous(institution_id)
    services.note_seen(row.session_id, row.last_seen_at, moment)
    return queries.as_actor(row, institution_id, session_id=row.session_id)


def _token_actor(institution_id: int) -> Actor:
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip().isascii():
        return Actor.anonymous(institution_id)
    row = queries.token_row(queries.token_digest(secret.strip()), clock.now())
    if row is None:
        return Actor.anonymous(institution_id)
    return queries.as_actor(row, institution_id, kind="token")


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
    """A local path to go on to, else home (reliability.md 3.7.2: one slash, then neither slash nor backslash)."""
    return target if target and _LOCAL_PATH.match(target) else url_for("portal.home")


class SignInSchema(forms.Schema):
    username = forms.Text(max=100, required=True)
    password = fields.String(required=True, validate=validate.Length(1, 1000))
    next = forms.Text(max=2000)


@blueprint.get("/login")
@policy(anyone)
def login() -> Any:
    """The sign-in page; who is signed in already goes on."""
    target = request.args.get("next")
    if current_actor().signed_in:
        return redirect(safe_next(target))
    return render_template("accounts/login.html", form=forms.Form(SignInSchema, {"next": target or ""}))


@blueprint.post("/login")
@policy(anyone)
def login_post() -> Any:
    """Check the password, rotate the session, go on."""
    form = forms.Form(SignInSchema)
    data = form.load(request.form)
    if data is None:
        return render_template("accounts/login.html", form=form), 422
    address, moment = request.remote_addr or "", clock.now()
    try:
        person = services.sign_in(data["username"], data["password"], address=address, now=moment)
    except DomainError as error:
        form.values.pop("password", None)
        form.problem = str(error.message)
        return render_template("accounts/login.html", form=form), error.status
    before = current_actor()
    if before.session_id is not None:
        services.close_session(before.session_id, now=moment)
    language = session.get("lang")
    session.clear()
    session[SESSION_KEY] = services.open_session(
        person, address=address, device=request.headers.get("User-Agent"), now=moment
    )
    if language:
        session["lang"] = language
    session.permanent = True
    return redirect(safe_next(data.get("next")))


@blueprint.post("/logout")
@policy(signed_in)
def logout() -> Response:
    """Revoke the session on the server and forget the cookie."""
    actor = current_actor()
    if actor.session_id is not None:
        services.close_session(actor.session_id, now=clock.now())
    session.clear()
    return redirect(url_for("accounts.login"))  # type: ignore[return-value]
