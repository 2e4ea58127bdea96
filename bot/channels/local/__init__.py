"""The simulator: a chat platform in the browser, for trying everything with no account."""
