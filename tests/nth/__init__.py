"""The N-th call fails, once, for N = 1 until the flow passes untouched, in each way in which it can fail."""
