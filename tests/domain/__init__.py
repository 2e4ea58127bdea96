"""The rules of the business, with no input or output."""
