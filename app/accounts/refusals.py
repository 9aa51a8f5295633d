"""What a signed-in person lacks who is refused a route: the right, or its reach; and which roles have it.

Policies are asked, not described: each is a function of an actor, so the actor is given rights until it lets him in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask_babel.speaklater import LazyString

from app.accounts import labels, queries
from app.accounts.rules.roles import PERMISSIONS
from app.core import i18n, words
from app.core.actor import Actor, Grant, Scope
from app.core.http import Policy
from app.core.i18n import gettext as _

EVERYWHERE = Scope("institution")
NAMED_AT_MOST = 3


def why(actor: Actor, rule: Policy) -> Any:
    """A lazy sentence for the refused, None where no right would open the route to him. Installed in core by wiring.

    Roles and rights are read now, and said in the language it is read in: what refuses a job is kept in both.
    """
    narrow = actor.limited_to
    if narrow is not None and rule(replace(actor, limited_to=None)):
        # The person may, the token may not: what it lacks is the person's to choose at the next one.
        return LazyString(_token_lacks, *_rights(lambda codes: rule(replace(actor, limited_to=narrow | set(codes)))))
    roles = [role.name for role in queries.roles() if rule(_with(actor, role.permissions))]
    if not roles:
        return None
    held = {permission for grant in actor.grants for permission in grant.permissions | grant.short}
    if rule(_with(actor, held)):
        return LazyString(_too_short, roles)
    return LazyString(_missing, roles, *_rights(lambda codes: rule(_with(actor, codes))))


def _too_short(roles: Sequence[Mapping[str, str]]) -> str:
    return _(
        "You may do this for a part only, and it concerns the whole institution. Roles that may, where they are "
        "given for all of it: %(roles)s.",
        roles=_named(roles),
    )


def _missing(roles: Sequence[Mapping[str, str]], rights: Sequence[str], together: bool) -> str:
    return _(
        "This takes the right %(rights)s. Roles that have it: %(roles)s. If you need it for your work, ask your "
        "administrator.",
        rights=_joined(rights, together),
        roles=_named(roles),
    )


def _token_lacks(rights: Sequence[str], together: bool) -> str:
    return _(
        "This token was issued without the right %(rights)s. Make a token that has it.",
        rights=_joined(rights, together),
    )


def _joined(rights: Iterable[str], together: bool) -> str:
    between = _(" and ") if together else _(" or ")
    return between.join(_quoted(code) for code in rights)


def _named(roles: Sequence[Mapping[str, str]]) -> str:
    return i18n.listed(words.text(name, i18n.locale()) for name in roles)


def _with(actor: Actor, permissions: Iterable[str]) -> Actor:
    """The same person, who holds these rights everywhere besides; no narrower token stands before them."""
    return replace(actor, grants=(*actor.grants, Grant("", frozenset(permissions), EVERYWHERE)), limited_to=None)


def _rights(opens: Callable[[Iterable[str]], bool]) -> tuple[list[str], bool]:
    """The rights that would open it: one of several, or what is left of all when none alone is enough (True)."""
    known = [code for code in labels.PERMISSIONS if code in PERMISSIONS]
    alone = [code for code in known if opens({code})]
    if alone:
        return alone[:NAMED_AT_MOST], False
    together = list(known)
    for code in known:
        without = [each for each in together if each != code]
        if opens(without):
            together = without
    return together, True


def _quoted(code: str) -> str:
    return _("“%(name)s”", name=labels.permission(code))
