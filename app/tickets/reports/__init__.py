"""Reports: the figures of repairs (tickets-rules 4), the rows behind them, and both as files.

`asked` reads the address, `figures` turns sums into cells (which page, file and API show alike), `drawn` makes the
charts, `pages` and `rows` are the pages.
"""

from app.tickets.reports import pages, rows
from app.tickets.reports.entry import blueprint

__all__ = ["blueprint", "pages", "rows"]
