"""Pages that show several areas together: home, operations, settings, audit log, design."""
