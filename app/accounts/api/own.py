"""Tokens, who am I, and finding people (contract.md, HTTP)."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l

from app.accounts import policies, queries, schemas, services
from app.accounts.rules import masking
from app.accounts.services import sessions
from app.core import clock
from app.core.errors import NotAllowed
from app.core.http import ApiBlueprint, accepts, answers, anyone, current_actor, json_list, policy, signed_in
from app.core.http.idempotency import ignores_key

blueprint = ApiBlueprint("accounts", __name__, description="Tokens, the own account, finding people")


@blueprint.route("/tokens", methods=["POST"])
@accepts(blueprint, schemas.TokenAsked)
@answers(blueprint, 201, schemas.TokenGiven)
@ignores_key
@policy(anyone)
def create_token(data: dict[str, Any]) -> Any:
    """A bearer token for a name and password; it ends when a session would at the latest."""
    address, moment = request.remote_addr or "", clock.now()
    person = services.sign_in(data["username"], data["password"], address=address, now=moment)
    if person.must_change_password:
        raise NotAllowed(_l("Sign in with a browser first and change your password."), code="password-change-needed")
    secret, ends = sessions.token_by_password(person, address=address, now=moment)
    return {"token": secret, "expires_at": ends}


@blueprint.route("/me", methods=["GET"])
@answers(blueprint, 200, schemas.Me)
@policy(signed_in)
def me() -> Any:
    """Whose token this is."""
    actor = current_actor()
    return {
        "id": actor.id,
        "username": actor.username,
        "name": actor.name,
        "roles": list(actor.roles),
        "home_place": queries.home_place(actor.id or 0, clock.now()) if actor.home_place_id is not None else None,
    }


@blueprint.route("/people", methods=["GET"])
@accepts(blueprint, schemas.PeopleAsked, location="query")
@answers(blueprint, 200, schemas.PersonBriefs)
@policy(policies.look_up_people)
def people(data: dict[str, Any]) -> Any:
    """People within the reader's reach whose name, number or pinyin fits, by name."""
    actor = current_actor()
    permission = policies.lookup_permission(actor)
    whole = permission == "people.read"
    found = queries.people(
        actor,
        clock.now(),
        q=data["q"],
        cursor=data["cursor"],
        limit=data["limit"],
        permission=permission,
    )
    items = [
        {
            "id": line.id,
            "name": line.name,
            "number": line.number if whole or line.number is None else masking.masked(line.number),
        }
        for line in found.items
    ]
    return json_list(items, found.next)
