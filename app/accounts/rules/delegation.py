"""Who may hand which right to whom: nobody to himself, nobody more than he has, nobody outside his own scope.

A scope is (kind, id); its chain is itself and every scope that contains it: of a building the building, its campus and
the institution. Ordinary permissions reach nothing but one's own things or the work handed to one: whoever may grant
roles there may grant those without having them. All others (privileged) the giver must hold in a scope of the chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Scope = tuple[str, int | None]
INSTITUTION: Scope = ("institution", None)

ORDINARY = frozenset(
    {
        "tickets.file",
        "tickets.own",
        "tickets.work",
        "tickets.accept_third",
        "places.read",
        "notifications.own",
        "feedback.write",
    }
)


def lacking(
    permissions: Iterable[str], chain: frozenset[Scope], held: Mapping[str, frozenset[Scope]]
) -> tuple[str, ...]:
    """The privileged permissions the giver does not hold in any scope of the chain, sorted; empty: may be given.

    `held`: permission → scopes in which the giver has it.
    """
    return tuple(sorted(each for each in set(permissions) - ORDINARY if not held.get(each, frozenset()) & chain))


def chain_of(scope: Scope, containing: Iterable[Scope] = ()) -> frozenset[Scope]:
    """The scope, those that contain it, and the institution."""
    return frozenset({scope, INSTITUTION, *containing})
