"""The API of people and rights: tokens, the own account and finding people (`own`); crews and their members."""

from app.accounts.api import crews, own

BLUEPRINTS = (own.blueprint, crews.blueprint)

__all__ = ["BLUEPRINTS", "crews", "own"]
