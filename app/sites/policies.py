"""Who may read, change and label places."""

from __future__ import annotations

from app.core.actor import Actor


def may_read(actor: Actor) -> bool:
    """Everybody who may file a report may look places up."""
    return actor.can("places.read")


def may_write(actor: Actor) -> bool:
    """Holds the right somewhere; where exactly is asked of each place, with `Actor.covers`."""
    return actor.can("places.write")


def may_label(actor: Actor) -> bool:
    """May print and revoke QR stickers."""
    return actor.can("places.stickers")


def may_manage(actor: Actor) -> bool:
    """Sees the register of places in the navigation: who changes or labels them."""
    return may_write(actor) or may_label(actor)


def may_read_calendars(actor: Actor) -> bool:
    """Sees by which hours people work."""
    return actor.can("calendars.read") or actor.can("calendars.write")


def may_write_calendars(actor: Actor) -> bool:
    """Changes working calendars: for the whole institution only, since clocks everywhere depend on them."""
    return actor.holds_everywhere("calendars.write")
