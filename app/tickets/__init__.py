"""Tickets: what somebody reports, and the work orders that mend it.

A *ticket* is one fault at one place in the reporter's words; it is filed, accepted, serviced, resolved and closed.
A *work order* is one trade's part of the work; it is queued, offered, accepted, worked and done. A ticket owns its
orders, and an order moves only while its ticket is accepted or in service.

Where to look: `rules/` holds everything that can be decided without a database (the two transition tables, the fold
of the history, the ranking, the numbers, the fixed windows); `services` changes things, `queries` reads them,
`policies` says who may; `web`, `crew`, `api`, `handlers` and `jobs` are the doors.
"""
