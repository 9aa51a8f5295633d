"""The API of the catalogue; what its editors keep is on a blueprint of its own.

- `categories`: what can be reported, with every version of it
- `questions`: what a category asks: a draft, and publishing it
- `trades`: who repairs it
- `tree`: what can be reported, in the reader's language, as whoever reports sees it
"""

from app.tickets.api.catalogue import categories, questions, trades, tree
from app.tickets.api.catalogue.entry import blueprint

__all__ = ["blueprint", "categories", "questions", "trades", "tree"]
