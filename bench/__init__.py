"""What measures. Nobody imports a bench; `make bench…` runs them."""
