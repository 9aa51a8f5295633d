"""The dispatcher's pages: what is open and what it waits for, one order with everybody who could take it."""

from app.tickets.dispatch import acts, pages
from app.tickets.dispatch.entry import blueprint

__all__ = ["acts", "blueprint", "pages"]
