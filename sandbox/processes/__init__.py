"""Child processes: the supervisor that starts, watches and ends them, and ports for them."""
