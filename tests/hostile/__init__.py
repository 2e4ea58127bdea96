"""Strings that break programs, each with a name; see catalogue.py. They are put through every entry."""
