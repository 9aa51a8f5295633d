"""The API of what dispatch is planned with, as the pages below `/crews/technicians` change it.

- `technicians`: who can be offered work: cap, trades, places
- `hours`: shifts and absences of one technician
- `week`: the week plan of many
"""

from app.tickets.api.planning import hours, technicians, week
from app.tickets.api.planning.entry import blueprint

__all__ = ["blueprint", "hours", "technicians", "week"]
