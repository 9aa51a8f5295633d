"""The portal's reactions to events and timers, one file per noun."""
