"""The inbox, what somebody wishes to be mailed, and for administrators the kept mail."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.labels import LANGUAGES
from app.core import clock, forms, frame, pages, seen
from app.core.errors import NotFound
from app.core.http import current_actor, policy
from app.notifications import policies, queries, rendering, services
from app.notifications.rules import kinds

blueprint = Blueprint("notifications", __name__)


def _me() -> int:
    """The signed-in person; the policy of every view here lets nobody else in."""
    person_id = current_actor().id
    if person_id is None:
        raise NotFound
    return person_id


@blueprint.get("/notifications")
@policy(policies.own)
def inbox() -> Any:
    """The own inbox, newest first."""
    only_new = request.args.get("unread") == "1"
    page = queries.inbox(_me(), request.args.get("cursor"), unread=only_new)
    lines = [(each, rendering.line(each.kind, each.data)) for each in page.items]
    return render_template(
        "notifications/inbox.html",
        page=page,
        lines=lines,
        only_new=only_new,
        unread=frame.counts().get("notifications.inbox", 0),
    )


@blueprint.post("/notifications/<int:notification_id>/open")
@policy(policies.own)
def open_one(notification_id: int) -> Any:
    """Note that it is seen, go to what it is about."""
    found = services.mark_read(_me(), notification_id, clock.now())
    return redirect(found.link or url_for("notifications.inbox"))


@blueprint.post("/notifications/read")
@policy(policies.own)
def read_all() -> Any:
    """Note that everything shown is seen."""
    up_to = forms.parse_id(request.form.get("up_to"))
    if up_to is not None:
        services.mark_all_read(_me(), clock.now(), up_to=up_to)
    return redirect(url_for("notifications.inbox"))


@blueprint.get("/notifications/choices")
@policy(policies.own)
def choices() -> Any:
    """What somebody wishes to be mailed, by kind."""
    return _choices_page(seen.form_of(forms.Schema, _shown(_me())))


def _shown(person_id: int) -> dict[str, Any]:
    chosen = queries.chosen(person_id, services.EMAIL)
    return {"mail": [kind.code for kind in _offered() if not kind.demanded and chosen.get(kind.code, kind.mail)]}


def _choices_page(form: forms.Form) -> Any:
    return render_template("notifications/choices.html", form=form, groups=_groups(set(form.values["mail"])))


@blueprint.post("/notifications/choices")
@policy(policies.own)
def choose() -> Any:
    """Keep the choices: a box that is not sent is off."""
    ticked = set(request.form.getlist("mail"))
    form = forms.Form(forms.Schema, {"mail": sorted(ticked), "version": request.form.get("version")})
    wanted = {kind.code: kind.code in ticked for kind in _offered() if not kind.demanded}
    try:
        services.choose(_me(), wanted, seen=seen.seen_by(form, _shown))
    except seen.Overtaken as late:
        said = _("You have changed these choices since, in another window. Look at them and keep them again.")
        seen.give_back(form, late, said, _called)
        return _choices_page(form), late.status
    pages.toast(_("Your choices are kept."))
    return redirect(url_for("notifications.choices"))


def _offered() -> list[kinds.Kind]:
    """The kinds that can concern this person: somebody who only reports is not asked about work orders."""
    actor = current_actor()
    rights = {
        kinds.REQUESTS: "tickets.own",
        kinds.ORDERS: "tickets.work",
        kinds.SUPERVISION: "tickets.dispatch",
        kinds.DATA: "imports.run",
        kinds.CAMPUS: "notifications.own",
        kinds.SAID: "feedback.write",
        kinds.DESK: "feedback.handle",
    }
    return [kind for kind in kinds.KINDS if actor.can(rights[kind.group])]


def _called(code: str) -> str:
    kind = kinds.BY_CODE.get(code)
    return code if kind is None else str(_(kind.label))


def _groups(ticked: set[str]) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for kind in _offered():
        group = groups.setdefault(kind.group, {"label": _(kind.group), "kinds": []})
        on = kind.demanded or kind.code in ticked
        group["kinds"].append({"code": kind.code, "label": _(kind.label), "on": on, "demanded": kind.demanded})
    return list(groups.values())


@blueprint.get("/operations/mail")
@policy(policies.read_mail)
def kept_mail() -> Any:
    """Mail that was kept because no mail server is set."""
    page = queries.kept(request.args.get("cursor"))
    return render_template("notifications/kept.html", page=page, languages=LANGUAGES)


@blueprint.get("/operations/mail/<int:mail_id>")
@policy(policies.read_mail)
def one_mail(mail_id: int) -> Any:
    """One kept mail as text."""
    found = queries.kept_mail(mail_id)
    if found is None:
        raise NotFound
    return render_template("notifications/kept_mail.html", mail=found)


@blueprint.get("/operations/mail/log")
@policy(policies.read_mail)
def delivery_log() -> Any:
    """How each mail fared."""
    page = queries.log(request.args.get("cursor"))
    labels = {kind.code: _(kind.label) for kind in kinds.KINDS}
    states = {"waiting": _("Waiting"), "sent": _("Sent"), "kept": _("Kept here"), "refused": _("Refused")}
    return render_template("notifications/log.html", page=page, labels=labels, states=states)
