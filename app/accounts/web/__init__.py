"""Pages of people and rights: sign-in, one's own account, people, roles, crews, units."""

from app.accounts.web import crews, me, orgs, people, person_acts, roles, sign_in
from app.accounts.web.entry import blueprint, load_actor, note_refusal, safe_next

__all__ = [
    "blueprint",
    "crews",
    "load_actor",
    "me",
    "note_refusal",
    "orgs",
    "people",
    "person_acts",
    "roles",
    "safe_next",
    "sign_in",
]
