"""What can be reported, over the API."""

from __future__ import annotations

from typing import Any

from app.core import clock, words
from app.core.http import answers, locale, policy
from app.core.http.api import json_answer
from app.sites import queries as places
from app.tickets import answer_words, policies
from app.tickets.api.answering import blueprint
from app.tickets.queries import catalogue
from app.tickets.schemas.catalogue import tree as schemas


@blueprint.route("/categories", methods=["GET"])
@answers(blueprint, 200, schemas.CategoryTree)
@policy(policies.may_read_categories)
def categories() -> Any:
    """What can be reported, as a tree; entries without a trade are headings."""
    language = locale()
    return json_answer({"items": [_branch(each, language) for each in catalogue.tree(places.today(clock.now()))]})


def _branch(branch: catalogue.Branch, language: str) -> dict[str, Any]:
    return {
        "code": branch.code,
        "name": words.text(branch.name, language),
        "icon": branch.icon,
        "trade": branch.trade,
        "questions": answer_words.for_api(branch.questions, branch.emergency_phone),
        "emergency": branch.emergency,
        "emergency_phone": branch.emergency_phone,
        "hints": words.text(branch.hints, language) or None,
        "children": [_branch(each, language) for each in branch.children],
    }
