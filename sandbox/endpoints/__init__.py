"""Endpoints: their states, deployments and what the API says about them."""
