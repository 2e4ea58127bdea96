"""When things happen: the ticker, the sweeps, the relay, the watchdog."""
