"""Append-only log of who did what to which object; below all who write to it, so it names objects by kind and id."""
