"""The ranking over the API: in the reader's words, and as a dry run."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.accounts import queries
from app.core import clock
from app.core.http import accepts, answers, current_actor, policy
from app.core.http.api import json_answer
from app.core.i18n import iso
from app.tickets import order_words, policies
from app.tickets.api.answering import blueprint
from app.tickets.rules.dispatching import Ranking
from app.tickets.schemas import ranking as schemas
from app.tickets.services import dry_run


def explained(ranking: Ranking) -> dict[str, Any]:
    """Candidates and excluded with their names and reasons, in the reader's words (43)."""
    people = [each.person_id for each in ranking.candidates] + [each.person_id for each in ranking.excluded]
    names = queries.names(people)
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
