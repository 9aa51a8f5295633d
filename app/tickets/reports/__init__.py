"""Reports: the figures of repairs (tickets-rules 4), the rows behind them, and both as files.

`asked` reads the address, `cells` turns sums into what page, file and API show alike, `drawn` makes the charts; the
pages are `pages`, `rows`, `heat` and `backlog`.
"""

from app.tickets.reports import backlog, heat, pages, rows
from app.tickets.reports.entry import blueprint

__all__ = ["backlog", "blueprint", "heat", "pages", "rows"]
