"""The API of tickets (contract.md), one module per matter, on one blueprint.

- `answering`: the blueprint, and one ticket or order as every module answers it
- `tickets`: tickets, work orders and their photos
"""

from app.tickets.api import tickets
from app.tickets.api.answering import blueprint

__all__ = ["blueprint", "tickets"]
