"""One function for each thing someone can ask for; it owns the transaction."""
