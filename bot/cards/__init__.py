"""What we say: the platform-free card, its typed actions, and the pure functions that build it."""
