"""What a chat command does: one module a subject; a handler names the wish and returns a card."""
