"""HTTP: callbacks, the capture API, the simulator's page, the manager's pages, health."""
