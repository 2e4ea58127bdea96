"""How facts are kept: the only SQL."""
