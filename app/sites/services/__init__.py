"""Changing places, one or thousands, and their stickers."""

from app.sites.services.bulk import PlaceChange, change_places, close_places, insert_places
from app.sites.services.places import add_place, close_place, edit_place, move_place, reopen_place
from app.sites.services.standing import NewPlace

__all__ = [
    "NewPlace",
    "PlaceChange",
    "add_place",
    "change_places",
    "close_place",
    "close_places",
    "edit_place",
    "insert_places",
    "move_place",
    "reopen_place",
]
