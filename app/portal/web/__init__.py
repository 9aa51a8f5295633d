"""Pages of the portal: home, language, notices, settings, operations, the API's own documentation, the components."""

import app.portal.web.documentation
import app.portal.web.hints
import app.portal.web.home
import app.portal.web.operations
import app.portal.web.settings  # noqa: F401 - imported for their views
from app.portal.web import notices
from app.portal.web.blueprint import blueprint

BLUEPRINTS = (blueprint, notices.blueprint)

__all__ = ["BLUEPRINTS", "notices"]
