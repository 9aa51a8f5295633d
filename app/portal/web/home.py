"""Home by role, language, and the page of components."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, render_template, request, session, url_for

from app.accounts import services as accounts
from app.accounts.web import safe_next
from app.core import clock, i18n
from app.core.errors import NotFound
from app.core.http import anyone, current_actor, policy
from app.core.words import LANGUAGES
from app.portal import home as screens
from app.portal import specimens
from app.portal.web.blueprint import blueprint


@blueprint.get("/")
@policy(anyone)
def home() -> Any:
    """Home by role."""
    actor = current_actor()
    if not actor.signed_in:
        return redirect(url_for("accounts.login"))
    return render_template("portal/home.html", home=screens.of(actor, clock.now()))


@blueprint.post("/language")
@policy(anyone)
def set_locale() -> Any:
    """Choose the language of the pages: for this browser, and for whoever is signed in everywhere (mail too)."""
    wanted = request.form.get("locale")
    if wanted in LANGUAGES:
        session[i18n.LOCALE_COOKIE_KEY] = wanted
        actor = current_actor()
        if actor.signed_in:
            accounts.people.choose_language(actor, wanted, clock.now())
    return redirect(safe_next(request.form.get("next")))


@blueprint.get("/design")
@policy(anyone)
def design() -> Any:
    """Every component in both themes; in demo and tests only."""
    if not current_app.config["DEMO"]:
        raise NotFound
    return render_template("portal/design.html", shown_in=specimens.of)
