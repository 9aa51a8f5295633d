"""Changing places, one or thousands, and their stickers."""

from app.sites.services.aliases import name_place
from app.sites.services.bulk import PlaceChange, change_places, close_places, insert_places
from app.sites.services.places import add_place, close_place, edit_place, move_place, reopen_place
from app.sites.services.standing import NewPlace
from app.sites.services.stickers import PER_SHEET, Label, issue_stickers, revoke_sticker
from app.sites.services.successors import set_successor

__all__ = [
    "PER_SHEET",
    "Label",
    "NewPlace",
    "PlaceChange",
    "add_place",
    "change_places",
    "close_place",
    "close_places",
    "edit_place",
    "insert_places",
    "issue_stickers",
    "move_place",
    "name_place",
    "reopen_place",
    "revoke_sticker",
    "set_successor",
]
