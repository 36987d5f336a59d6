"""What is about `skeleton` and no other service; `service.py` is what training asks of it."""
