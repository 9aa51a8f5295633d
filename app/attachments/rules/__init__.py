"""Pure rules about the content of uploads."""
