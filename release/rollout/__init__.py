"""The way a candidate becomes live: a pure machine, strategies of steps, and a runner that does them."""
