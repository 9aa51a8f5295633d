"""What people do with their own account: profile, password, sessions, tokens."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, session, url_for
from flask_babel import gettext as _

from app.accounts import labels, policies, queries, schemas, services
from app.accounts.models import Person
from app.accounts.rules import devices
from app.accounts.services import passwords, sessions
from app.accounts.web.entry import blueprint, page
from app.accounts.web.sign_in import begin_session
from app.audit import quicker
from app.core import clock, forms, i18n, seen
from app.core.actor import Actor
from app.core.db import db, is_over
from app.core.errors import Rejected
from app.core.http import current_actor, policy
from app.core.http.idempotency import ignores_key
from app.core.pages import toast
from app.sites import queries as places

_JUST_MADE = "token"  # in the cookie: the secrets of tokens by their ids, each until it is shown
JUST_MADE_AT_MOST = 3  # of as many tabs


def _me(actor: Actor) -> Person:
    return db.session.get_one(Person, (actor.institution_id, actor.id))


def _profile(form: forms.Form, person: Person, status: int = 200) -> Any:
    moment = clock.now()
    today = places.today(moment)
    return page(
        "me.html",
        status,
        form=form,
        person=person,
        today=today,
        numbers=[each for each in queries.identifiers(person.id) if each.valid_to is None],
        home=queries.home_place(person.id, moment),
        units=[each for each in queries.memberships(person.id) if today in each.during],
        crews=queries.crews_of(person.id, today),
        grants=[each for each in queries.grants(person.id) if not is_over(each.valid_to, today)],
    )


@blueprint.get("/me")
@policy(policies.own_account)
def me() -> Any:
    """The own profile."""
    person = _me(current_actor())
    return _profile(seen.form_of(schemas.Profile, _shown(person)), person)


def _shown(person: Person) -> dict[str, Any]:
    return {"locale": person.locale or "", "email": person.email or "", "phone": person.phone or ""}


@blueprint.post("/me")
@policy(policies.own_account)
def me_post() -> Any:
    """Language, e-mail, telephone."""
    actor = current_actor()
    person = _me(actor)
    form = forms.Form(schemas.Profile(_shown(person)))
    data = form.load(request.form)
    if data is None:
        return _profile(form, person, 422)
    with quicker.heeding(form, actor, "person", person.id, "person.edit"):
        services.people.update_person(
            actor,
            person,
            clock.now(),
            seen=seen.seen_by(form, _shown),
            locale=data.get("locale"),
            email=data.get("email"),
            phone=data.get("phone"),
        )
        session.pop("lang", None)
        with i18n.speaking(data.get("locale") or i18n.of_browser()):  # the next page's language, not this one's
            toast(_("Saved."))
        return redirect(url_for("accounts.me"))
    return _profile(form, person, form.status)


@blueprint.get("/me/password")
@policy(policies.own_account)
def own_password() -> Any:
    """The form for a new password."""
    person = _me(current_actor())
    return page("password.html", form=forms.Form(schemas.OwnPassword), person=person)


@blueprint.post("/me/password")
@ignores_key
@policy(policies.own_account)
def own_password_post() -> Any:
    """Change the password; every other browser and every token is signed out."""
    actor = current_actor()
    person = _me(actor)
    form = forms.Form(schemas.OwnPassword)
    data = form.load(request.form)
    form.values.clear()
    if data is None:
        return page("password.html", 422, form=form, person=person)
    moment = clock.now()
    try:
        _check_present(person, data["current"])
        if data["password"] == data["current"]:
            raise Rejected(fields={"password": _("This is the present password. Choose another.")})
        passwords.set_password(actor, person, data["password"], moment, must_change=False)
    except services.TooManyFailures as error:
        form.problem = str(error.message)
        return *page("password.html", 429, form=form, person=person), error.headers
    except Rejected as error:
        form.refuse(error)
        return page("password.html", 422, form=form, person=person)
    begin_session(person, signed_in=False)
    toast(_("The password is changed. Other browsers and tokens are signed out."))
    return redirect(url_for("accounts.me"))


def _check_present(person: Person, typed: str) -> None:
    """The present password, throttled like a sign-in."""
    try:
        services.sign_in(person.username or "", typed, address=request.remote_addr or "", now=clock.now())
    except services.SignInFailed as error:
        raise Rejected(fields={"current": _("This is not your present password.")}) from error


@blueprint.get("/me/sessions")
@policy(policies.own_account)
def own_sessions() -> Any:
    """Where one is signed in."""
    actor = current_actor()
    return page("sessions.html", sessions=queries.live_sessions(actor.id or 0, clock.now()), devices=devices)


@blueprint.post("/me/sessions/<session_id>/revoke")
@policy(policies.own_account)
def revoke_session(session_id: str) -> Any:
    """Sign one browser out."""
    sessions.revoke_own_session(current_actor(), forms.id_in_address(session_id), clock.now())
    return redirect(url_for("accounts.own_sessions"))


@blueprint.post("/me/sessions/others/revoke")
@policy(policies.own_account)
def revoke_other_sessions() -> Any:
    """Sign every other browser out."""
    sessions.revoke_other_sessions(current_actor(), clock.now())
    toast(_("All other browsers are signed out."))
    return redirect(url_for("accounts.own_sessions"))


def _tokens(form: forms.Form, status: int = 200, *, made: int | None = None, secret: str | None = None) -> Any:
    actor = current_actor()
    held = {name for grant in actor.grants for name in grant.permissions}
    live = queries.live_tokens(actor.id or 0, clock.now())
    return page(
        "tokens.html",
        status,
        form=form,
        secret=secret,
        made=next((each for each in live if each.id == made), None),
        tokens=live,
        groups=labels.by_group(held),
        days=sessions.TOKEN_DAYS,
    )


@blueprint.get("/me/tokens")
@policy(policies.own_account)
def own_tokens() -> Any:
    """Tokens for machines that act in one's name.

    `?made=` is where the form leads that made one: its secret is shown the first time and never again.
    """
    form = forms.Form(schemas.NewToken, {"days": 30, "extent": "some"})
    made = forms.parse_id(request.args.get("made"))
    kept = dict(session.get(_JUST_MADE) or {})
    secret = kept.pop(str(made), None)
    if secret is not None:
        session[_JUST_MADE] = kept
    return _tokens(form, made=made, secret=secret)


@blueprint.post("/me/tokens")
@policy(policies.own_account)
def own_tokens_post() -> Any:
    """A new token.

    Its secret goes to the next page in the cookie of this browser: the answer says nothing of it, so that a repeat may
    be given the same, and to load that page again makes no second token.
    """
    form = forms.Form(schemas.NewToken)
    data = form.load(request.form)
    if data is not None:
        scopes = None if data["extent"] == "all" else data["scopes"]
        with form.heeding():
            secret, made = sessions.create_token(
                current_actor(), name=data["name"], scopes=scopes, days=data["days"], now=clock.now()
            )
            others = list((session.get(_JUST_MADE) or {}).items())[1 - JUST_MADE_AT_MOST :]
            session[_JUST_MADE] = dict([*others, (str(made.id), secret)])
            return redirect(url_for("accounts.own_tokens", made=made.id))
    return _tokens(form, form.status)


@blueprint.post("/me/tokens/<token_id>/revoke")
@policy(policies.own_account)
def revoke_own_token(token_id: str) -> Any:
    """Revoke one of one's own tokens."""
    actor = current_actor()
    sessions.revoke_token(actor, actor.id or 0, forms.id_in_address(token_id), clock.now())
    return redirect(url_for("accounts.own_tokens"))
