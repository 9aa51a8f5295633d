"""Open311 GeoReport v2 at /open311/v2, JSON and XML, for the city's apps and the clients others have written.

`documents` writes answers and refusals in both forms, `services` the catalogue as Open311 sees it, `requests` filing
and reading. `api_key` is an API token of ours.
"""

from app.tickets.open311 import requests, services
from app.tickets.open311.entry import blueprint

__all__ = ["blueprint", "requests", "services"]
