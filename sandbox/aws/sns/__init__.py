"""SNS: refusal of a message that goes to nobody."""
