"""Reading tickets, orders, their history and the catalogue; every list is filtered by its viewer in SQL.

- `viewer`: which tickets and orders somebody sees, as conditions
- `tickets`: the lists and one ticket; `orders`: the lists and one order; `timeline`: the events meant for the reader
- `catalogue`: trades, categories; `crews`: technicians as the ranking needs them, who is responsible
"""
