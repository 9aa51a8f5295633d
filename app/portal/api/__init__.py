"""The portal over the API, one file per noun."""

from app.portal.api.feedback import blueprint as feedback
from app.portal.api.notices import blueprint as notices

BLUEPRINTS = (feedback, notices)

__all__ = ["BLUEPRINTS"]
