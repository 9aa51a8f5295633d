"""The portal over the API, one file per noun."""

from app.portal.api.notices import blueprint as notices

BLUEPRINTS = (notices,)

__all__ = ["BLUEPRINTS"]
