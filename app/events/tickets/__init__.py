"""What happens to tickets and work orders, for whoever reacts (notices, dispatch, timers).

Every event carries ids and plain values; who needs more reads it. Reasons and notes are in `ticket_event`, found by
`event_id`. A timer is an event published with a due instant: its handler judges again, under the ticket's lock,
whether the time has really come.
"""
