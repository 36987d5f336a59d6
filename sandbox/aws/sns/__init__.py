"""SNS: refusal of a message without a recipient."""
