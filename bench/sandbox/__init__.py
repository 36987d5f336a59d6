"""The sandbox measured: what it adds to a request, and whether it stays the same for as long as it runs."""
