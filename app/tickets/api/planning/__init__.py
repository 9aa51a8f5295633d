"""The API of what dispatch is planned with, as the pages below `/crews/technicians` change it.

- `technicians`: who can be offered work: cap, trades, places
- `certificates`: their kinds, and who holds them
- `duty`: who leads
- `hours`: shifts and absences of one technician
- `walks`: minutes on foot between buildings
- `week`: the week plan of many
"""

from app.tickets.api.planning import certificates, duty, hours, technicians, walks, week
from app.tickets.api.planning.entry import blueprint

__all__ = ["blueprint", "certificates", "duty", "hours", "technicians", "walks", "week"]
