"""Crews and their members."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from app.accounts import policies, queries, schemas
from app.accounts.models import Crew
from app.accounts.services import structure
from app.accounts.web.entry import blueprint, page
from app.accounts.web.people import picked, shown_number
from app.audit import quicker
from app.core import clock, forms, seen, words
from app.core.errors import DomainError, Stale
from app.core.http import current_actor, policy
from app.sites import queries as places


def _crew(crew_id: str) -> Crew:
    return queries.crew(forms.id_in_address(crew_id), within=policies.crews_within(current_actor()))


@blueprint.get("/crews")
@policy(policies.write_crews)
def crews() -> Any:
    """Crews with the number of their members."""
    asked = forms.load(schemas.Cursor(), request.args)
    allowed = policies.crews_within(current_actor())
    found = queries.crews(places.today(clock.now()), ids=allowed, cursor=asked["cursor"])
    return page("crews.html", found=found, may_add=allowed is None)


@blueprint.get("/crews/new")
@policy(policies.add_crews)
def new_crew() -> Any:
    """The form for a crew."""
    return page("crew_form.html", form=forms.Form(schemas.CrewFields), crew=None)


@blueprint.post("/crews/new")
@policy(policies.add_crews)
def new_crew_post() -> Any:
    """Make a crew."""
    return _save(None)


@blueprint.get("/crews/<crew_id>/edit")
@policy(policies.write_crews)
def edit_crew(crew_id: str) -> Any:
    """The form that changes a crew."""
    crew = _crew(crew_id)
    return page("crew_form.html", form=seen.form_of(schemas.CrewFields, _shown(crew)), crew=crew)


def _shown(crew: Crew) -> dict[str, Any]:
    return {"code": crew.code, **words.to_fields(crew.name), "contractor": crew.contractor}


def _shown_whole(crew: Crew) -> dict[str, Any]:
    """What the page of a crew shows to who closes it."""
    return {**_shown(crew), "valid_to": crew.valid_to}


@blueprint.post("/crews/<crew_id>/edit")
@policy(policies.write_crews)
def edit_crew_post(crew_id: str) -> Any:
    """Change a crew."""
    return _save(_crew(crew_id))


def _save(crew: Crew | None) -> Any:
    form = forms.Form(schemas.CrewFields)
    data = form.load(request.form)
    if data is not None:
        of = ("crew", crew.id if crew else None)
        with form.heeding(), quicker.heeding(form, current_actor(), *of, "crew.edit"):
            saved = structure.save_crew(
                current_actor(),
                crew,
                code=data["code"],
                name=words.from_fields(data),
                contractor=data["contractor"],
                now=clock.now(),
                seen=seen.seen_by(form, _shown),
            )
            return redirect(url_for("accounts.crew", crew_id=saved.id))
    return page("crew_form.html", form.status, form=form, crew=crew)


def _crew_page(crew: Crew, form: forms.Form, status: int = 200, *, choices: Any = ()) -> Any:
    asked = forms.load(schemas.Cursor(), request.args)
    today = places.today(clock.now())
    return page(
        "crew.html",
        status,
        crew=crew,
        version=seen.mark(_shown_whole(crew)),
        form=form,
        choices=choices,
        mask=shown_number,
        members=queries.members(crew.id, today, asked["cursor"]),
        closed=crew.over_by(today),
        may_look_up=policies.look_up_people(current_actor()),
    )


@blueprint.get("/crews/<crew_id>")
@policy(policies.write_crews)
def crew(crew_id: str) -> Any:
    """A crew and its members."""
    return _crew_page(_crew(crew_id), forms.Form(schemas.Who))


@blueprint.post("/crews/<crew_id>/members")
@policy(policies.add_members)
def add_member(crew_id: str) -> Any:
    """A person joins a crew."""
    found = _crew(crew_id)
    form = forms.Form(schemas.Who)
    data = form.load(request.form)
    meant = [] if data is None else picked(form, data)
    if isinstance(meant, list):
        return _crew_page(found, form, 422, choices=meant)
    with form.heeding(DomainError):
        structure.add_member(current_actor(), found, meant, clock.now())
        return redirect(url_for("accounts.crew", crew_id=found.id))
    return _crew_page(found, form, form.status)


@blueprint.post("/crews/<crew_id>/members/<member_id>/end")
@policy(policies.write_crews)
def end_member(crew_id: str, member_id: str) -> Any:
    """A person leaves a crew."""
    found = _crew(crew_id)
    structure.end_member(current_actor(), found, forms.id_in_address(member_id), clock.now())
    return redirect(url_for("accounts.crew", crew_id=found.id))


@blueprint.post("/crews/<crew_id>/close")
@policy(policies.add_crews)
def close_crew(crew_id: str) -> Any:
    """A crew ends."""
    actor, found = current_actor(), _crew(crew_id)
    with quicker.telling(actor, "crew", found.id, "crew.edit", "crew.close"):
        structure.close_crew(actor, found, clock.now(), seen.seen_in(request.form, _shown_whole))
        return redirect(url_for("accounts.crews"))
    return _crew_page(found, forms.Form(schemas.Who), Stale.status)
