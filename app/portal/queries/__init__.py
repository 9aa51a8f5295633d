"""Reading what the portal shows, one file per noun."""
