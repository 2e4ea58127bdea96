"""Stand-ins at the outermost seam: clock, chat platform, store."""
