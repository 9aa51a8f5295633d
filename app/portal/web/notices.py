"""Notices for their readers, and the desk of those who write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.audit import quicker
from app.core import clock, forms, seen, words
from app.core.actor import Actor
from app.core.errors import Conflict, NotFound, Rejected, Stale
from app.core.http import current_actor, policy, signed_in
from app.core.pages import said, toast
from app.core.transaction import apart
from app.portal import notice_words, policies
from app.portal.models import Notice
from app.portal.queries import notices as queries
from app.portal.queries import readers
from app.portal.rules import notices as rules
from app.portal.rules.notices import Act, Content, Kind, Status
from app.portal.schemas.notices import NoticeForm
from app.portal.services import notices as services
from app.portal.ways import way
from app.sites import queries as sites
from app.sites.models import Place
from app.tickets.order_forms import wall

blueprint = Blueprint("notices", __name__, url_prefix="/notices")

VIEWS = ("current", "draft", "over")
TIMES = ("starts_at", "ends_at", "shown_from", "shown_until")


def unread(actor: Actor) -> int:
    """How many notices wait to be read; asked once per request."""
    if "unread_notices" not in g:
        g.unread_notices = queries.unread(readers.reader_of(actor), clock.now())
    found: int = g.unread_notices
    return found


@blueprint.get("")
@policy(signed_in)
def index() -> Any:
    """What concerns the reader now; `view=all` of every place, `view=over` what is over."""
    actor, now = current_actor(), clock.now()
    reader = readers.reader_of(actor)
    view = request.args.get("view") if request.args.get("view") in ("all", "over") else "mine"
    cursor = request.args.get("cursor")
    if view == "over":
        page = queries.over(reader, now, cursor=cursor)
    else:
        page = queries.shown(reader, now, everywhere=view == "all", cursor=cursor)
    tabs = [("mine", _("For you")), ("all", _("All places")), ("over", _("Over"))]
    if reader.anywhere:
        tabs.pop(1)
    return render_template(
        "portal/notices/list.html",
        page=page,
        lines=[notice_words.line(row, now) for row in page.items],
        view=view,
        tabs=[
            {
                "label": label,
                "url": url_for("notices.index", view=None if name == "mine" else name),
                "current": name == view,
            }
            for name, label in tabs
        ],
        url=url_for("notices.index", view=None if view == "mine" else view),
        desk=way(actor, "notices.desk"),
    )


@blueprint.get("/<notice_id>")
@policy(signed_in)
def show(notice_id: str) -> Any:
    """One notice; whoever has opened it has read it."""
    actor, now = current_actor(), clock.now()
    row = queries.one(actor, forms.id_in_address(notice_id), now)
    if row is None:
        raise NotFound
    if actor.id is not None and not row.read:
        with apart() as session:
            services.note_read(person_id=actor.id, notice_id=row.id, version=row.version, now=now, session=session)
    return render_template(
        "portal/notices/show.html",
        row=row,
        it=notice_words.line(row, now),
        over=rules.phase(row.status, row.shown_from, row.shown_until, now) == rules.Phase.OVER,
        edit=way(actor, "notices.edit", notice_id=row.id) if queries.for_writer(actor, row.id) else None,
    )


@blueprint.get("/desk")
@policy(policies.write_notices)
def desk() -> Any:
    """The notices somebody writes: shown or planned, drafts, over."""
    asked = request.args.get("view", "")
    view = asked if asked in VIEWS else VIEWS[0]
    now = clock.now()
    page = queries.desk(current_actor(), now, view, cursor=request.args.get("cursor"))
    labels = {"current": _("Shown and planned"), "draft": _("Drafts"), "over": _("Over")}
    return render_template(
        "portal/notices/desk.html",
        page=page,
        lines=[_desk_line(row, now) for row in page.items],
        view=view,
        url=url_for("notices.desk", view=view),
        tabs=[
            {"label": labels[name], "url": url_for("notices.desk", view=name), "current": name == view}
            for name in VIEWS
        ],
    )


def _desk_line(row: Any, now: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "icon": notice_words.icon(row),
        "chip": notice_words.phase_chip(row, now),
        "when": notice_words.when(row, now),
        "where": notice_words.where(row),
        "readers": row.readers if row.published_at else None,
        "at": row.published_at or row.created_at,
    }


@blueprint.get("/new")
@policy(policies.write_notices)
def new() -> Any:
    """An empty notice; an outage asked for by `kind=outage`, its place by `place`."""
    asked = request.args.get("kind")
    usual = {"kind": asked if asked in set(Kind) else Kind.INFORMATION.value, "places": request.args.getlist("place")}
    return _form_page(forms.Form(NoticeForm, usual))


@blueprint.post("/new")
@policy(policies.write_notices)
def new_post() -> Any:
    """Keep a draft, publish it at once, or look at it first."""
    return _written(None)


@blueprint.get("/<notice_id>/edit")
@policy(policies.write_notices)
def edit(notice_id: str) -> Any:
    """The notice as its readers will see it, how many they are, and the form that changes it."""
    return _edit(_mine(notice_id))


def _edit(notice: Notice) -> str:
    return _form_page(seen.form_of(NoticeForm, _shown(notice)), notice)


def _shown(notice: Notice) -> dict[str, Any]:
    values = {name: getattr(notice, name) for name in ("kind", "utility", "roles")}
    values |= {name: wall(getattr(notice, name)) for name in TIMES}
    for name in ("title", "body"):
        values |= words.to_fields(getattr(notice, name), name)
    return {**values, "places": queries.place_ids(notice.id)}


@blueprint.post("/<notice_id>/edit")
@policy(policies.write_notices)
def edit_post(notice_id: str) -> Any:
    """Change it, publish a draft, or look at the change first."""
    return _written(_mine(notice_id))


def _mine(notice_id: str) -> Notice:
    found = queries.for_writer(current_actor(), forms.id_in_address(notice_id))
    if found is None:
        raise NotFound
    return found


def _written(notice: Notice | None) -> Any:
    schema = NoticeForm()
    form = forms.Form(schema)
    data = form.load(request.form)
    if data is None:
        return _form_page(form, notice), 422
    content = notice_words.titled(schema.content(data))
    if data["act"] == "look":
        return _form_page(form, notice, content.fitted())
    late = quicker.heeding(form, current_actor(), "notice", notice.id if notice else None, named=_called)
    with form.heeding(Conflict), late:
        kept = _keep(notice, content, data, seen.seen_by(form, _shown))
        if kept.status == Status.PUBLISHED:
            return redirect(url_for("notices.show", notice_id=kept.id), 303)
        toast(_("Kept."))
        return redirect(url_for("notices.edit", notice_id=kept.id), 303)
    return _form_page(form, notice), form.status


def _called(code: str) -> str:
    """What a place or role chosen among several is called."""
    number = forms.parse_id(code)
    if number is not None:
        place = sites.by_id(number)
        return place.name if place else code
    return next((said(row.name) for row in queries.roles() if row.code == code), code)


def _keep(notice: Notice | None, content: Content, data: dict[str, Any], before: seen.Seen) -> Notice:
    """Write or change it, and publish it where that was asked for."""
    given: dict[str, Any] = {"actor": current_actor(), "now": clock.now()}
    if notice is None:
        kept = services.write(content=content, **given)
    else:
        kept = services.change(notice_id=notice.id, content=content, seen=before, again=data["again"], **given)
    if data["act"] == "publish":
        services.publish(notice_id=kept.id, seen=kept.version, **given)
    return kept


@blueprint.post("/<notice_id>/publish")
@policy(policies.write_notices)
def publish(notice_id: str) -> Any:
    """Show a draft to its readers."""
    return _step(notice_id, Act.PUBLISH)


@blueprint.post("/<notice_id>/end")
@policy(policies.write_notices)
def end(notice_id: str) -> Any:
    """Nobody is shown it any more."""
    return _step(notice_id, Act.END)


@blueprint.post("/<notice_id>/discard")
@policy(policies.write_notices)
def discard(notice_id: str) -> Any:
    """Throw a draft away."""
    return _step(notice_id, Act.DISCARD)


def _step(notice_id: str, act: Act) -> Any:
    notice, actor = _mine(notice_id), current_actor()
    given: dict[str, Any] = {
        "actor": actor,
        "now": clock.now(),
        "notice_id": notice.id,
        "seen": forms.seen_in(request.form),
    }
    try:
        with quicker.telling(actor, "notice", notice.id):
            if act == Act.DISCARD:
                services.discard(**given)
                toast(_("The draft is thrown away."), "info")
                return redirect(url_for("notices.desk", view="draft"), 303)
            (services.publish if act == Act.PUBLISH else services.end)(**given)
            return redirect(url_for("notices.show", notice_id=notice_id), 303)
    except (Rejected, Conflict) as refused:
        toast(refused.sentences[0], "late")
        return redirect(url_for("notices.edit", notice_id=notice_id), 303)
    return _edit(notice), Stale.status


def _form_page(form: forms.Form, notice: Notice | None = None, content: Content | None = None) -> str:
    """The form; beside it the notice as it is kept, or `content` as it would be."""
    actor, now = current_actor(), clock.now()
    today = sites.today(now)
    status = notice.status if notice else None
    places = queries.targets(actor, today)
    shown = content if content is not None else (services.content_of(notice) if notice else None)
    return render_template(
        "portal/notices/form.html",
        form=form,
        notice=notice,
        acts={act.value for act in rules.acts(Status(status))} if status else set(),
        preview=_preview(shown, notice, places, now) if shown else None,
        audience=readers.count(shown.places, shown.roles, today) if shown else None,
        kinds=[{"value": each.value, "label": notice_words.kind(each)} for each in Kind],
        utilities=[
            {"value": each.value, "label": notice_words.utility(each), "icon": notice_words.ICONS[each]}
            for each in rules.Utility
        ],
        places=places,
        depths=_depths(places),
        whole=policies.writes_everywhere(actor),
        roles=[{"value": row.code, "label": row.name} for row in queries.roles()],
        versions=queries.versions(notice.id) if notice else [],
        version_labels={act.value: _(label) for act, label in rules.VERSION_LABELS.items()},
    )


def _depths(places: Sequence[Place]) -> dict[int, int]:
    """How deep each stands below those before it in the tree, from 0: a building may stand right below its campus."""
    found: dict[int, int] = {}
    for place in places:
        found[place.id] = found.get(place.parent_id or 0, -1) + 1
    return found


def _preview(content: Content, notice: Notice | None, places: Any, now: Any) -> dict[str, Any]:
    chosen = [place.name for place in places if place.id in set(content.places)]
    return {
        "title": content.title,
        "body": content.body,
        "icon": notice_words.icon(content),
        "kind": content.kind.value,
        "chip": notice_words.chip(content, now),
        "when": notice_words.when(content, now),
        "where": notice_words.some_of(chosen) if content.places else _("Everywhere"),
        "phase": notice_words.phase_chip(notice, now) if notice else None,
    }
