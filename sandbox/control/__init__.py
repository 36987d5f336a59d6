"""Start, stop and steer a sandbox: its commands, its home, its one port, and `/_sandbox/`."""
