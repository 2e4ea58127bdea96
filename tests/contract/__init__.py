"""One suite of promises, run against every implementation of a port."""
