"""Acts on tickets and work orders. Arguments are keyword-only; `actor` and `now` come from the edge.

Every act locks the ticket, checks who acts (policy), what has been seen (`seen`: the version, None to skip; else
Stale with `current`), what the transition tables allow (Conflict) and demand (Rejected), then writes state, events and
outbox in the caller's transaction. Results are `Done` values: id, state, version of what was changed.

- `filing`: `file_ticket`; `acts`: the acts on a ticket (accept, ask, answer, reject, reconsider, withdraw, confirm,
  not_fixed), notes, ratings, photos
- `orders`: opening orders and their transitions; `dispatching`: offers, assignment, the ranking, who is called
- `timers`: what time does (default closing, unanswered questions, holds); `catalogue`, `crews`: master data
- `case`, `held`, `announcing`: how an act is carried out
"""
