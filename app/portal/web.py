"""Home by role, language, and the page of components."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for

from app.accounts.web import safe_next
from app.core import i18n
from app.core.http import anyone, current_actor, policy

blueprint = Blueprint("portal", __name__)


@blueprint.get("/")
@policy(anyone)
def home() -> Any:
    """Home by role."""
    if not current_actor().signed_in:
        return redirect(url_for("accounts.login"))
    return render_template("portal/home.html")


@blueprint.post("/language")
@policy(anyone)
def set_locale() -> Any:
    """Choose the language of the pages for this browser."""
    if request.form.get("locale") in i18n.LOCALES:
        session[i18n.LOCALE_COOKIE_KEY] = request.form["locale"]
    return redirect(safe_next(request.form.get("next")))
