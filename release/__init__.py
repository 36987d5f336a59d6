"""How a release moves: pure decisions, and the AWS adapters they need."""
