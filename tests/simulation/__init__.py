"""The deterministic simulation: the real program under virtual time, a platform that keeps the truth, a nemesis."""
