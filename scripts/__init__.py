"""What people and CI run: thin commands over `release`, one module per verb of `./slipway`."""
