"""Dashboards: their bodies are checked as CloudWatch checks them, and kept by moto."""
