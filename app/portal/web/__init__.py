"""Pages of the portal: home, language, settings, operations, the API's own documentation, the components."""

import app.portal.web.documentation
import app.portal.web.home
import app.portal.web.operations
import app.portal.web.settings  # noqa: F401 - imported for their views
from app.portal.web.blueprint import blueprint

__all__ = ["blueprint"]
