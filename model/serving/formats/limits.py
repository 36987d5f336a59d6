"""What one body may hold, besides its length: a few bytes of a sender can cost the server hundreds."""

MAX_ROWS = 1_000_000
"""Rows in one body. Python needs about 100 bytes for a row of one digit."""
MAX_CONTAINERS = 500_000
"""Objects and lists in one JSON body. Python needs about 100 bytes for each, and a sender only two."""
MAX_VALUES = 10_000_000
"""Values in one JSON body. Python needs about 32 bytes for each, and a sender only two."""
MAX_TOLD = 100
"""Refused rows that an answer describes; the others it only counts."""
