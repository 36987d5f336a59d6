"""IAM: AWS's own managed policies, and refusal of trust policies that are none."""
