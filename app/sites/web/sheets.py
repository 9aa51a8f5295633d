"""Sheets of QR labels. A secret is shown once, on the page that answers the order to make it."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from app.core import clock, pages
from app.core.errors import NotFound
from app.core.forms import Form, parse_id
from app.core.http import current_actor, policy
from app.core.http.idempotency import ignores_key
from app.sites import labels, policies, queries, services
from app.sites.models import Place
from app.sites.schemas import LabelsForm
from app.sites.web import entry

LABEL = "places.stickers"
USUAL_KINDS = ("room", "outdoor", "asset")


@entry.blueprint.get("/places/<place_id>/labels")
@policy(policies.may_label)
def labels_form(place_id: str) -> Any:
    """Choose what to print: this place, or what stands below it."""
    place = entry.mine(place_id, LABEL)
    below = queries.count_below(place, entry.today())
    form = Form(
        LabelsForm,
        {"extent": "below" if below else "this", "kinds": list(USUAL_KINDS), "missing_only": True, "replace": False},
    )
    return _choose(form, place)


def _choose(form: Form, place: Place) -> str:
    counts = queries.count_below(place, entry.today())
    return render_template(
        "sites/labels.html",
        form=form,
        place=place,
        counts=counts,
        kinds=[
            {"value": kind, "label": f"{labels.KINDS[kind]} ({counts[kind]})"}
            for kind in labels.KINDS
            if kind in counts
        ],
        limit=services.PER_SHEET,
    )


@entry.blueprint.post("/places/<place_id>/labels")
@policy(policies.may_label)
@ignores_key
def print_labels(place_id: str) -> Any:
    """Issue the stickers and show the sheet; its answer is never stored, since it holds the secrets."""
    place = entry.mine(place_id, LABEL)
    form = Form(LabelsForm)
    data = form.load(request.form)
    if data is None:
        return _choose(form, place), 422
    wanted = [place] if data["extent"] == "this" else _below(place, data["kinds"])
    if data["missing_only"]:
        have = queries.with_stickers([each.id for each in wanted])
        wanted = [each for each in wanted if each.id not in have]
    if not wanted:
        form.problem = _("Nothing to print: every place chosen has a sticker already, or none was chosen.")
        return _choose(form, place), 422
    made = services.issue_stickers(
        [each.id for each in wanted[: services.PER_SHEET]],
        actor=current_actor(),
        now=clock.now(),
        replace=data["replace"],
    )
    sheet = [{"place": label.place, "qr": qr_code(address(label.secret)), "code": label.code} for label in made]
    return render_template("sites/sheet.html", place=place, labels=sheet, left=max(0, len(wanted) - services.PER_SHEET))


def _below(place: Place, kinds: list[str]) -> list[Place]:
    return [each for each in queries.descendants(place, entry.today()) if each.kind in kinds]


def address(secret: str) -> str:
    """What the QR code says: a plain address, so that the phone's own camera opens it."""
    root = current_app.config["HOUQIN"].base_url or request.url_root.rstrip("/")
    return f"{root}/r/{secret}"


def qr_code(text: str) -> Markup:
    """An SVG of the text, error level Q: a quarter of it may be scratched away. Black on white in every theme."""
    import segno  # noqa: PLC0415 - only for sheets

    code = segno.make(text, error="q", micro=False, boost_error=False)
    return Markup(code.svg_inline(omitsize=True, border=2, dark="#000", light="#fff", svgclass=None, lineclass=None))  # noqa: S704 - drawn by segno from a token of ours


@entry.blueprint.post("/places/<place_id>/stickers/<sticker_id>/revoke")
@policy(policies.may_label)
def revoke_sticker(place_id: str, sticker_id: str) -> Any:
    """Make one sticker worthless."""
    place, number = entry.mine(place_id, LABEL), parse_id(sticker_id)
    if number is None:
        raise NotFound
    sticker = services.revoke_sticker(number, actor=current_actor(), now=clock.now())
    if sticker.place_id != place.id:
        raise NotFound
    pages.toast(_("The sticker is worthless now. Print a new one and replace it."))
    return redirect(url_for("sites.place", place_id=place.id))
