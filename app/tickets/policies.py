"""Who plays which part: permissions × scopes × what a person has to do with a ticket or order.

`parts_of_ticket` and `parts_of_order` turn an actor into the letters of tickets-rules (R, S, V, O, A, Y); the
transition tables say what each may do. Rights to act as dispatcher: on tickets `tickets.triage`, on orders
`tickets.dispatch`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from app.core.actor import Actor, Located
from app.tickets.rules.workflow import ORDER_HELD, OrderState, Who

FILE = "tickets.file"
WORK = "tickets.work"
TRIAGE = "tickets.triage"
DISPATCH = "tickets.dispatch"
ON_BEHALF = "tickets.on_behalf"
LOOK_UP = "people.lookup"
READ = ("tickets.read", TRIAGE, DISPATCH)
CATALOGUE = "tickets.catalogue_write"
CATALOGUE_READ = "tickets.catalogue_read"
CREWS = "tickets.crews"
EXTEND = "tickets.extend"
REPORTS = "reports.read"
ACCEPT_THIRD = "tickets.accept_third"
SHARE_VIEWS = "tickets.views_share"
MACROS = "tickets.macros"

PREFERRED = (Who.SYSTEM, Who.REPORTER, Who.QR, Who.OFFERED, Who.HOLDER, Who.DISPATCHER, Who.THIRD_PARTY, Who.CREW)
"""As whom somebody acts who plays several parts: the part with the fewest demands first."""


class TicketLike(Located, Protocol):
    @property
    def reporter_id(self) -> int | None: ...
    @property
    def third_party(self) -> bool: ...
    @property
    def left_at(self) -> datetime | None: ...


class OrderLike(Located, Protocol):
    @property
    def state(self) -> str: ...
    @property
    def assignee_id(self) -> int | None: ...
    @property
    def pooled(self) -> bool: ...


def may_file(actor: Actor) -> bool:
    return actor.can(FILE)


def may_file_for_others(actor: Actor) -> bool:
    """Takes a report down for somebody else."""
    return actor.can(ON_BEHALF)


def may_read(actor: Actor) -> bool:
    """May see tickets at all: his own, those he works on, or those of his scope. The queries say which."""
    return actor.signed_in and (actor.can("tickets.own") or actor.can(WORK) or reads_scopes(actor))


def may_own(actor: Actor) -> bool:
    """May act as a reporter: answer, withdraw, confirm, rate; staff with triage may for others, V sends back."""
    return actor.can("tickets.own") or actor.can(TRIAGE) or actor.can(ACCEPT_THIRD)


def may_accept_third(actor: Actor) -> bool:
    """Accepts finished work as a third party (V), or sends it back; in which scope, the tables' parts say."""
    return actor.can(ACCEPT_THIRD)


def may_read_categories(actor: Actor) -> bool:
    """Whoever files, works or reads needs the words of the catalogue."""
    return may_file(actor) or may_read(actor)


def may_triage(actor: Actor) -> bool:
    return actor.can(TRIAGE)


def may_work(actor: Actor) -> bool:
    return actor.can(WORK)


def may_dispatch(actor: Actor) -> bool:
    return actor.can(DISPATCH)


def may_edit_macros(actor: Actor) -> bool:
    """Keeps the macros dispatchers use."""
    return actor.can(DISPATCH) and actor.can(MACROS)


def may_share_views(actor: Actor) -> bool:
    """Shares views of the board with a role, and keeps those others have shared."""
    return actor.can(DISPATCH) and actor.can(SHARE_VIEWS)


def may_move_orders(actor: Actor) -> bool:
    return actor.can(WORK) or actor.can(DISPATCH)


def may_read_orders(actor: Actor) -> bool:
    """Orders are seen by the crew and by staff; a reporter sees his ticket."""
    return actor.can(WORK) or reads_scopes(actor)


def may_extend(actor: Actor) -> bool:
    """Decides on more time and excuses what came late; in which scope, the service says."""
    return actor.can(EXTEND)


def may_see_extensions(actor: Actor) -> bool:
    """Sees the requests for more time of his scope: whoever decides on them, and the desk."""
    return any(actor.can(permission) for permission in (EXTEND, TRIAGE, DISPATCH))


def may_edit_catalogue(actor: Actor) -> bool:
    return actor.can(CATALOGUE)


def may_read_policies(actor: Actor) -> bool:
    """Sees what is promised: whoever works with the catalogue."""
    return actor.can(CATALOGUE_READ) or actor.can(CATALOGUE)


def may_edit_policies(actor: Actor) -> bool:
    """Changes what is promised: for the whole institution only, since policies know no narrower scope."""
    return actor.holds_everywhere(CATALOGUE)


def may_edit_crews(actor: Actor) -> bool:
    return actor.can(CREWS)


def may_read_reports(actor: Actor) -> bool:
    """Reads the figures of what lies in his scopes; the queries say which."""
    return actor.can(REPORTS)


def reads_scopes(actor: Actor) -> bool:
    return any(actor.can(permission) for permission in READ)


def sees_unlisted(actor: Actor) -> bool:
    """Who triages the whole institution: a place that is only words lies in no narrower scope."""
    return in_scope(actor, TRIAGE, None)


def in_scope(actor: Actor, permission: str, thing: Located | None) -> bool:
    """Whether one of the scopes in which `permission` is held covers the thing's campus or building; None: all."""
    return actor.covers(permission, thing)


def calls_reporters(actor: Actor, thing: Located) -> bool:
    """Whether the actor may see the number a reporter left for a call: the desk, not whoever only reads."""
    return actor.kind == "system" or in_scope(actor, TRIAGE, thing) or in_scope(actor, DISPATCH, thing)


def reads_as_staff(actor: Actor, thing: Located) -> bool:
    """Whether notes, escalations and declines are meant for this reader."""
    return any(in_scope(actor, permission, thing) for permission in READ)


def is_contact(actor: Actor, ticket: TicketLike) -> bool:
    """The dorm office of the place, once the reporter has left (N5); R of the tables is "reporter or his contact"."""
    return ticket.left_at is not None and in_scope(actor, ACCEPT_THIRD, ticket)


def parts_of_ticket(actor: Actor, ticket: TicketLike) -> frozenset[Who]:
    """The parts the actor plays towards a ticket."""
    if actor.kind == "system":
        return frozenset({Who.SYSTEM})
    found: set[Who] = set()
    if actor.id is not None and ticket.reporter_id == actor.id and actor.can("tickets.own"):
        found.add(Who.REPORTER)
    if is_contact(actor, ticket):
        found.add(Who.REPORTER)
    if in_scope(actor, TRIAGE, ticket):
        found.add(Who.DISPATCHER)
    if ticket.third_party and in_scope(actor, ACCEPT_THIRD, ticket):
        found.add(Who.THIRD_PARTY)
    return frozenset(found)


def parts_of_order(actor: Actor, order: OrderLike) -> frozenset[Who]:
    """The parts the actor plays towards an order."""
    if actor.kind == "system":
        return frozenset({Who.SYSTEM})
    found: set[Who] = set()
    if actor.id is not None and order.assignee_id == actor.id and actor.can(WORK):
        if order.state == OrderState.OFFERED:
            found.add(Who.OFFERED)
        elif order.state in ORDER_HELD:
            found.add(Who.HOLDER)
    if order.pooled and order.state == OrderState.QUEUED and actor.can(WORK):
        found.add(Who.CREW)
    if in_scope(actor, DISPATCH, order):
        found.add(Who.DISPATCHER)
    return frozenset(found)


def possible_parts_of_order(actor: Actor, order: OrderLike) -> frozenset[Who]:
    """Those, and the parts somebody of the crew may come to play towards it."""
    mine = parts_of_order(actor, order)
    return mine | {Who.OFFERED, Who.HOLDER, Who.CREW} if actor.kind != "system" and actor.can(WORK) else mine


def rights_on_ticket(parts: Iterable[Who]) -> tuple[str, ...]:
    """The permissions that make somebody one of the parts towards a ticket, where it lies in their scope."""
    return tuple(_ON_TICKET[who] for who in PREFERRED if who in _ON_TICKET and who in set(parts))


def rights_on_order(parts: Iterable[Who]) -> tuple[str, ...]:
    """The same towards an order."""
    return (DISPATCH,) if Who.DISPATCHER in set(parts) else ()


_ON_TICKET = {Who.DISPATCHER: TRIAGE, Who.THIRD_PARTY: ACCEPT_THIRD}


def acting_as(parts: Iterable[Who], allowed: frozenset[Who]) -> Who | None:
    """As whom somebody who plays `parts` does an act open to `allowed`; None: it is not open to him."""
    mine = set(parts) & allowed
    return next((who for who in PREFERRED if who in mine), None)
