"""The pure half of the import engine: bytes to rows, headings to columns, texts to values. No database, no request."""
