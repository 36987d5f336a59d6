"""IAM: the policies that AWS manages, and refusal of malformed trust policies."""
