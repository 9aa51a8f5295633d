"""The blueprint of the crew's pages, and finding the order an address means."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from app.core import forms
from app.core.errors import NotFound
from app.core.http import current_actor
from app.tickets.queries import crew_day

blueprint = Blueprint("crew", __name__, url_prefix="/crew")


def order_row(order_id: str) -> Any:
    """The order of an address, as far as the reader may see it. Raises NotFound."""
    number = forms.parse_id(order_id)
    row = None if number is None else crew_day.one(number, current_actor())
    if row is None:
        raise NotFound
    return row
