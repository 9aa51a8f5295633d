"""Shapes of the catalogue: the tree reporters choose from, and what its editors change."""
