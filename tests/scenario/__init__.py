"""Whole stories, from an outside event to what people see."""
