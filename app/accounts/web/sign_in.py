"""Sign-in and sign-out."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, session, url_for

from app.accounts import schemas, services
from app.accounts.models import Person
from app.accounts.providers import PROVIDERS
from app.accounts.web.entry import SESSION_KEY, blueprint, page, safe_next
from app.core import clock, forms
from app.core.errors import DomainError, NotFound
from app.core.http import anyone, current_actor, policy, signed_in
from app.core.http.idempotency import ignores_key

KEPT_KEYS = ("lang",)


def _login_page(form: forms.Form, status: int = 200) -> Any:
    form.values.pop("password", None)
    return page("login.html", status, form=form, providers=PROVIDERS)


@blueprint.get("/login")
@policy(anyone)
def login() -> Any:
    """The sign-in page; who is signed in already goes on."""
    target = request.args.get("next")
    if current_actor().signed_in:
        return redirect(safe_next(target))
    return _login_page(forms.Form(schemas.SignIn, {"next": target or ""}))


@blueprint.post("/login")
@ignores_key
@policy(anyone)
def login_post() -> Any:
    """Check the password, rotate the session, go on."""
    provider = PROVIDERS.form()
    if provider is None or provider.check is None:
        raise NotFound
    form = forms.Form(schemas.SignIn)
    data = form.load(request.form)
    if data is None:
        return _login_page(form, 422)
    address, moment = request.remote_addr or "", clock.now()
    try:
        person = provider.check(data["username"], data["password"], address=address, now=moment)
    except DomainError as error:
        form.problem = str(error.message)
        answer, status = _login_page(form, 429 if error.status == 429 else 422)
        kept = {name: value for name, value in error.headers.items() if name == "Retry-After"}
        return answer, status, kept
    before = current_actor()
    if before.session_id is not None:
        services.close_session(before.session_id, now=moment)
    begin_session(person, signed_in=True)
    if person.must_change_password:
        return redirect(url_for("accounts.own_password"))
    return redirect(safe_next(data.get("next")))


def begin_session(person: Person, *, signed_in: bool) -> None:
    """Give this browser a new session: the cookie starts empty, so that nothing planted before survives."""
    kept = {name: session[name] for name in KEPT_KEYS if name in session}
    session.clear()
    session.update(kept)
    session.permanent = True
    session[SESSION_KEY] = services.open_session(
        person,
        address=request.remote_addr,
        device=request.headers.get("User-Agent"),
        now=clock.now(),
        signed_in=signed_in,
    )


@blueprint.post("/logout")
@policy(signed_in)
def logout() -> Any:
    """Revoke the session on the server and forget the cookie; the browser forgets the refused forms it may keep."""
    actor = current_actor()
    if actor.session_id is not None:
        services.close_session(actor.session_id, now=clock.now())
    kept = {name: session[name] for name in KEPT_KEYS if name in session}
    session.clear()
    session.update(kept)
    answer = redirect(url_for("accounts.login"))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
