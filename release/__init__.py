"""How a release moves: pure decisions about pins, plans, gates and the ledger, and the AWS adapters they need."""
