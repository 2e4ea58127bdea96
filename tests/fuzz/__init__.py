"""Fuzzing: everything that reads what strangers write, with a mutator of our own. See targets.py to add one."""
