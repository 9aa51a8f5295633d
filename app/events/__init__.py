"""Events between areas, one file or folder per publisher: frozen dataclasses of ids and plain values."""
