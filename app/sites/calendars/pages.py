"""All pages of working calendars, on one blueprint."""

from app.sites.calendars import editor
from app.sites.calendars.web import blueprint

__all__ = ["blueprint", "editor"]
