"""WeCom: its bytes, its limits, its odd rules."""
