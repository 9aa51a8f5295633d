"""Working calendars: versions as data, hours classes of the campuses, the editor (tickets-rules 9 to 15, 19)."""
