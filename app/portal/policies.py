"""Who may look after the institution's settings and the machinery."""

from __future__ import annotations

from app.core.actor import Actor
from app.tickets import policies as tickets

NOTICES = "notices.write"
SPEAK = "feedback.write"
HANDLE = "feedback.handle"
OVERSEE = "feedback.oversee"
DESK = "desk.write"


def write_settings(actor: Actor) -> bool:
    return actor.can("settings.write")


def read_operations(actor: Actor) -> bool:
    return actor.can("operations.read")


def retry(actor: Actor) -> bool:
    """Let a parked delivery run again, or give it up for good."""
    return actor.can("operations.retry")


def requests_in_navigation(actor: Actor) -> bool:
    """Who works on orders has them under "Today" and the own requests on the home page."""
    return tickets.may_read(actor) and (tickets.reads_scopes(actor) or not tickets.may_work(actor))


def report_in_navigation(actor: Actor) -> bool:
    """Staff files from the rail; everybody else has it as the first thing at home."""
    return tickets.may_file(actor) and tickets.reads_scopes(actor)


def write_notices(actor: Actor) -> bool:
    """Writes notices somewhere; for which places is checked against each by the scopes of the right."""
    return actor.can(NOTICES)


def writes_everywhere(actor: Actor) -> bool:
    """Writes notices for the whole institution, so that the places may be left open."""
    return actor.holds_everywhere(NOTICES)


def speak(actor: Actor) -> bool:
    """Writes to the desk under his name and reads what became of it."""
    return actor.can(SPEAK)


def handle(actor: Actor) -> bool:
    """Answers what people say, somewhere; what exactly he sees is decided by the queries."""
    return actor.can(HANDLE)


def speak_or_handle(actor: Actor) -> bool:
    """Has to do with feedback: as its author, or as somebody who answers."""
    return speak(actor) or handle(actor)


def oversee(actor: Actor) -> bool:
    """Hears of what is late and reads the figures."""
    return actor.can(OVERSEE)


def write_desk(actor: Actor) -> bool:
    """Writes knowledge answers and duty contacts."""
    return actor.can(DESK)
