"""Service Quotas: how many instances of each type the endpoints of the account may have."""
