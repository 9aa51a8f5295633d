"""Pure rules about people and rights."""
