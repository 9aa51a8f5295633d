"""Events between areas, one file per publisher: frozen dataclasses of ids and plain values."""
