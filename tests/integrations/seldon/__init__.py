"""SeldonDeployments, by the types that Seldon's own client publishes."""
