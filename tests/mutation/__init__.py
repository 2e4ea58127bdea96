"""How many small mistakes in the rules would the tests notice? A mutator of our own, one change at a time."""
