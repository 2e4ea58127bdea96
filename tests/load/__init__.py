"""A company of 500 reps under load, over loopback, with an outage of the platform in the middle."""
