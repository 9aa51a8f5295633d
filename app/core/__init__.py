"""The ground every area stands on: database, transaction, outbox, queue, HTTP edge, clock, words.

Nothing here knows an area. What core needs from above (who is signed in, where refusals are written)
comes in through callables that `app.wiring` installs.
"""
