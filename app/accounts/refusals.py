"""What a signed-in person lacks who is refused a route: the right, or its reach; and which roles have it.

Policies are asked, not described: each is a function of an actor, so the actor is given rights until it lets him in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.accounts import labels, queries
from app.accounts.rules.roles import PERMISSIONS
from app.core import i18n, words
from app.core.actor import Actor, Grant, Scope
from app.core.http import Policy
from app.core.i18n import gettext as _

EVERYWHERE = Scope("institution")
NAMED_AT_MOST = 3


def why(actor: Actor, rule: Policy) -> str | None:
    """A sentence for the refused, None where no right would open the route to him. Installed in core by wiring."""
    roles = [words.text(role.name, i18n.locale()) for role in queries.roles() if rule(_with(actor, role.permissions))]
    if not roles:
        return None
    named = _(", ").join(roles)
    held = {permission for grant in actor.grants for permission in grant.permissions}
    if rule(_with(actor, held)):
        return _(
            "You may do this for a part only, and it concerns the whole institution. Roles that may, where they are "
            "given for all of it: %(roles)s.",
            roles=named,
        )
    return _(
        "This takes the right %(rights)s. Roles that have it: %(roles)s. If you need it for your work, ask your "
        "administrator.",
        rights=_rights(actor, rule),
        roles=named,
    )


def _with(actor: Actor, permissions: Iterable[str]) -> Actor:
    """The same person, who holds these rights everywhere besides; no narrower token stands before them."""
    return replace(actor, grants=(*actor.grants, Grant("", frozenset(permissions), EVERYWHERE)), limited_to=None)


def _rights(actor: Actor, rule: Policy) -> str:
    """The rights that would open the route: one of several, or what is left of all when none alone is enough."""
    known = [code for code in labels.PERMISSIONS if code in PERMISSIONS]
    alone = [code for code in known if rule(_with(actor, {code}))]
    if alone:
        return _(" or ").join(_quoted(code) for code in alone[:NAMED_AT_MOST])
    together = list(known)
    for code in known:
        without = [each for each in together if each != code]
        if rule(_with(actor, without)):
            together = without
    return _(" and ").join(_quoted(code) for code in together)


def _quoted(code: str) -> str:
    return _("“%(name)s”", name=labels.permission(code))
