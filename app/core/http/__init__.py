"""The HTTP edge: one place for bodies, institution, actor, policy, commit, refusals and headers.

Views import what they need from here: `policy`, `anyone`, `signed_in`, `current_actor`, `locale`,
`api_blueprint`, `seen_version`, `versioned`.
"""

from app.core.http.api import ApiBlueprint, accepts, also_answers, answers, json_list
from app.core.http.policy import Policy, anyone, current_actor, policy, signed_in, upload
from app.core.http.preconditions import no_body, not_modified, seen_fields, seen_tag, seen_version, versioned
from app.core.i18n import locale

__all__ = [
    "ApiBlueprint",
    "Policy",
    "accepts",
    "also_answers",
    "answers",
    "anyone",
    "current_actor",
    "json_list",
    "locale",
    "no_body",
    "not_modified",
    "policy",
    "seen_fields",
    "seen_tag",
    "seen_version",
    "signed_in",
    "upload",
    "versioned",
]
