"""Pages of places: the tree, one place, changes, labels, the picker of forms."""

from app.sites.web import browse, change, picker, sheets, successors
from app.sites.web.entry import blueprint

__all__ = ["blueprint", "browse", "change", "picker", "sheets", "successors"]
