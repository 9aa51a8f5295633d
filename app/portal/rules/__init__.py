"""Pure rules of the portal, one file per noun."""
