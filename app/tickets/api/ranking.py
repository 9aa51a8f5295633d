"""The ranking over the API: in the reader's words, as stored with each offer, and as a dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from app.accounts import queries
from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, json_list, policy
from app.core.http.api import json_answer
from app.core.i18n import iso
from app.sites import scope_words
from app.tickets import order_words, policies
from app.tickets.api.answering import blueprint
from app.tickets.queries import orders
from app.tickets.rules.dispatching import Ranking
from app.tickets.schemas import ranking as schemas
from app.tickets.services import dry_run


def explained(ranking: Ranking, names: Mapping[int, str] | None = None) -> dict[str, Any]:
    """Candidates and excluded with their names (one statement unless given) and reasons, in the reader's words (43)."""
    if names is None:
        names = queries.names(ranking.people)
    return {
        "why": [
            {
                "person": {"id": str(each.person_id), "name": names.get(each.person_id, "")},
                "score": each.score,
                "reasons": [order_words.factor(why.factor, why.values) for why in each.reasons],
                "parts": [
                    {"criterion": part.criterion.value, "n": part.n, "weight": part.weight} for part in each.parts
                ],
            }
            for each in ranking.candidates
        ],
        "excluded": [
            {
                "person": {"id": str(each.person_id), "name": names.get(each.person_id, "")},
                "reason": order_words.exclusion(each.reason),
            }
            for each in ranking.excluded
        ],
    }


@blueprint.route("/work-orders/<string:order_id>/offers", methods=["GET"])
@accepts(blueprint, schemas.OfferQuery, location="query")
@answers(blueprint, 200, schemas.OfferPage)
@policy(policies.may_dispatch)
def order_offers(asked: dict[str, Any], order_id: str) -> Any:
    """To whom the order was offered, newest first, how each offer ended, and the ranking it was chosen by"""
    actor = current_actor()
    row = orders.one(actor, id_in_address(order_id))
    scope_words.require(actor, row, policies.DISPATCH)
    page = orders.offers_page(row.id, cursor=asked["cursor"], limit=asked["limit"])
    found = [(offer, Ranking.from_data(offer.why)) for offer in page.items]
    people = {each for offer, ranking in found for each in (*ranking.people, offer.made_by) if each is not None}
    names = queries.names(people)
    return json_list([_offer(offer, ranking, names) for offer, ranking in found], page.next)


def _offer(row: Any, ranking: Ranking, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "person": {"id": str(row.person_id), "name": row.person_name},
        "round": row.round,
        "offered_at": row.offered_at,
        "until": row.until,
        "made_by": None if row.made_by is None else {"id": str(row.made_by), "name": names.get(row.made_by, "")},
        "override": row.override,
        "outcome": row.outcome,
        "ended_at": row.ended_at,
        "reason": row.reason,
        "version": ranking.version,
        **explained(ranking, names),
    }


@blueprint.route("/dispatch/whom", methods=["GET"])
@accepts(blueprint, schemas.WhomQuery, location="query")
@answers(blueprint, 200, schemas.WhomOut)
@policy(policies.may_dispatch)
def whom_would_it_choose(asked: dict[str, Any]) -> Response:
    """Dry run: whom the ranking would choose for a fault at a place, now or `at` an instant. Nothing is written."""
    found = dry_run.whom(
        actor=current_actor(),
        at=asked["at"] or clock.now(),
        place_id=asked["place_id"],
        category=asked["category"],
        urgency=asked["urgency"],
    )
    answer = {"version": found.ranking.version, "priority": found.priority, "at": iso(found.at)}
    return json_answer({**answer, **explained(found.ranking)})
