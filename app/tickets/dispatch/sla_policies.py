"""Service levels: what is promised at each priority, what a hold stops, who is told when; published as versions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms, words
from app.core.errors import Conflict, Rejected, Stale
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.core.versions.series import Desk
from app.sites import policies as sites_policies
from app.sites.calendars import queries as calendars
from app.sites.calendars.words import hours_options
from app.tickets import policies, sla_words
from app.tickets.dispatch import sla_forms
from app.tickets.models import SlaPolicy, SlaPolicyDraft, SlaPolicyVersion
from app.tickets.queries import calendar_effect as calendar_effects
from app.tickets.queries import sla_policies as queries
from app.tickets.rules import sla_policy
from app.tickets.rules.priority import URGENCIES
from app.tickets.services import sla_policies as services

PolicyDesk = Desk[SlaPolicy, SlaPolicyVersion, SlaPolicyDraft]

blueprint = Blueprint("sla", __name__, url_prefix="/service-levels")


@blueprint.get("")
@policy(policies.may_read_policies)
def index() -> Any:
    """The service levels with what uses them."""
    found = queries.policies()
    used = queries.used()
    lines = [(row, used.get(row.code, 0), sla_words.table(sla_policy.read(row.content))) for row in found]
    return render_template("tickets/sla/list.html", lines=lines, may_edit=policies.may_edit_policies(current_actor()))


@blueprint.get("/new")
@policy(policies.may_edit_policies)
def new() -> Any:
    """The form for another service level; it begins as the usual one, or as the one `from` names."""
    wanted = forms.parse_id(request.args.get("from"))
    rows = queries.policies()
    begun = next((row for row in rows if row.id == wanted), rows[0] if rows else None)
    content = sla_policy.DEFAULT if begun is None else sla_policy.read(begun.content)
    return _edit(None, forms.Form(sla_forms.NewHead, sla_forms.values(content)))


@blueprint.post("/new")
@policy(policies.may_edit_policies)
def new_post() -> Any:
    """Make it, with its first version."""
    form = forms.Form(sla_forms.NewHead)
    loaded = sla_forms.load(form, request.form)
    if loaded is None:
        return _edit(None, form, 422)
    head, content = loaded
    try:
        made = services.create(
            actor=current_actor(),
            now=clock.now(),
            code=head["code"],
            name=head["name"],
            content=content,
            note=head["note"],
        )
    except Rejected as refused:
        sla_forms.refuse(form, refused, head["rows"])
        return _edit(None, form, 422)
    return redirect(url_for("sla.show", policy_id=made.id), 303)


@blueprint.get("/calendars/<calendar_id>/effect")
@policy(sites_policies.may_write_calendars)
def calendar_effect(calendar_id: str) -> Any:
    """What publishing the draft of a calendar would do to open clocks: a part of its page, else a page of its own."""
    found = calendars.calendar(forms.id_in_address(calendar_id))
    judged = calendar_effects.of_draft(found.id, clock.now())
    name = "_effect" if request.headers.get("HX-Request-Type") == "partial" else "effect"
    answer = make_response(render_template(f"tickets/sla/{name}.html", calendar=found, effect=judged))
    answer.headers["Vary"] = "HX-Request, HX-Request-Type"
    return answer


@blueprint.get("/<policy_id>")
@policy(policies.may_read_policies)
def show(policy_id: str) -> Any:
    """What is in force, since when, for which categories, and the versions before."""
    found = _policy(policy_id)
    return _show(found, queries.in_force(found.id))


@blueprint.get("/<policy_id>/versions/<number>")
@policy(policies.may_read_policies)
def version(policy_id: str, number: str) -> Any:
    """A version as it was, for whoever looks at a clock that was judged by it."""
    found = _policy(policy_id)
    return _show(found, queries.POLICIES.numbered(found.id, number))


def _show(found: SlaPolicy, shown: SlaPolicyVersion, status: int = 200, problem: str | None = None) -> Any:
    content = sla_policy.read(shown.content)
    versions = queries.versions(found.id)
    later = [each.published_at for each in versions if each.number == shown.number + 1]
    context = {
        "policy": found,
        "shown": shown,
        "newest": versions[0].number,
        "ended_at": later[0] if later else None,
        "lines": sla_words.table(content),
        "stops": sla_words.stops(content),
        "steps": sla_words.steps(content),
        "versions": versions,
        "drafted": queries.draft(found.id) is not None,
        "categories": queries.categories(found.code),
        "may_edit": policies.may_edit_policies(current_actor()),
        "problem": problem,
    }
    return render_template("tickets/sla/policy.html", **context), status


@blueprint.get("/<policy_id>/edit")
@policy(policies.may_edit_policies)
def edit(policy_id: str) -> Any:
    """The form for its next version; it begins as the draft where there is one."""
    return _edit(_desk(policy_id))


@blueprint.post("/<policy_id>/edit")
@policy(policies.may_edit_policies)
def edit_post(policy_id: str) -> Any:
    """Put the next version in force, or (`act` is keep) keep it as a draft."""
    desk = _desk(policy_id)
    form = forms.Form(sla_forms.Head)
    loaded = sla_forms.load(form, request.form)
    if loaded is None:
        return _edit(desk, form, 422)
    head, content = loaded
    given = {"actor": current_actor(), "now": clock.now(), "content": content, "name": head["name"]}
    try:
        if request.form.get("act") == "keep":
            services.save_draft(desk.head.id, seen=head["draft"], **given)
            toast(_("Kept as a draft. Nothing of it is in force."), "info")
            return redirect(url_for("sla.edit", policy_id=desk.head.id), 303)
        made = services.publish(desk.head.id, seen=head["seen"], draft=head["draft"], note=head["note"], **given)
    except Rejected as refused:
        sla_forms.refuse(form, refused, head["rows"])
        return _edit(desk, form, 422)
    except Stale as stale:
        form.problem = str(stale.message)
        return _edit(desk, form, stale.status)
    if made.number == desk.in_force.number:
        toast(_("It says the same as before, so there is no new version."), "info")
    else:
        toast(_("Published. Clocks that begin from now on run by it; running ones keep theirs."))
    return redirect(url_for("sla.show", policy_id=desk.head.id), 303)


@blueprint.post("/<policy_id>/discard")
@policy(policies.may_edit_policies)
def discard(policy_id: str) -> Any:
    """Forget the draft."""
    desk = _desk(policy_id)
    try:
        services.discard_draft(desk.head.id, actor=current_actor(), seen=forms.seen_in(request.form, "seen"))
    except Stale as stale:
        form = _begun(desk)
        form.problem = str(stale.message)
        return _edit(desk, form, stale.status)
    toast(_("The draft is gone. What is in force stays."), "info")
    return redirect(url_for("sla.show", policy_id=desk.head.id), 303)


@blueprint.post("/<policy_id>/close")
@policy(policies.may_edit_policies)
def close(policy_id: str) -> Any:
    """Take it out of the choice."""
    found = _policy(policy_id)
    seen = forms.seen_in(request.form, "seen")
    try:
        services.close(found.id, actor=current_actor(), now=clock.now(), seen=seen)
    except (Conflict, Stale) as refused:
        return _show(found, queries.in_force(found.id), refused.status, str(refused.message))
    toast(_("Closed. Its versions stay with the clocks that run by them."), "info")
    return redirect(url_for("sla.index"), 303)


def _policy(policy_id: str) -> SlaPolicy:
    return queries.policy(forms.id_in_address(policy_id))


def _desk(policy_id: str) -> PolicyDesk:
    return queries.desk(forms.id_in_address(policy_id))


def _begun(desk: PolicyDesk) -> forms.Form:
    name = desk.draft.name if desk.draft is not None and desk.draft.name else desk.head.name
    head = {**words.to_fields(name), "seen": desk.based_on, "draft": desk.seen}
    return forms.Form(sla_forms.Head, {**sla_forms.values(sla_policy.read(desk.content)), **head})


def _edit(desk: PolicyDesk | None, form: forms.Form | None = None, status: int = 200) -> Any:
    """The form, as it begins unless it was sent and refused; no desk: for another policy."""
    if form is None:
        form = forms.Form(sla_forms.NewHead) if desk is None else _begun(desk)
    context = {
        "policy": desk and desk.head,
        "desk": desk,
        "differences": _differences(desk),
        "form": form,
        "hours": hours_options(),
        "priorities": sla_words.priorities(URGENCIES),
        "kinds": sla_words.kinds(sla_policy.TARGETS),
        "units": sla_words.units(),
        "reasons": sla_words.reasons(),
        "stoppable": sla_words.options(sla_words.kinds(sla_policy.STOPPABLE)),
        "stepped": sla_words.options(sla_words.kinds(sla_policy.STEPPED)),
        "dos": sla_words.dos(),
        "whoms": sla_words.whoms(),
        "rows": sla_forms.rows(form.values),
        "labels": sla_words.labels(sla_forms.values_of_page()),
    }
    return render_template("tickets/sla/edit.html", **context), status


def _differences(desk: PolicyDesk | None) -> list[tuple[str, str, str]]:
    if desk is None or desk.draft is None:
        return []
    labels = sla_words.labels(())
    was, now = words.to_fields(desk.head.name), words.to_fields(desk.draft.name or desk.head.name)
    named = [(labels[name], was[name] or "–", now[name] or "–") for name in was if was[name] != now[name]]
    before, after = sla_policy.read(desk.in_force.content), sla_policy.read(desk.draft.content)
    return named + sla_words.differences(before, after)
