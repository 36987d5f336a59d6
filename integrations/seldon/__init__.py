"""Seldon Core 1: what a stage serves as SeldonDeployments, which the cluster's owner applies."""
