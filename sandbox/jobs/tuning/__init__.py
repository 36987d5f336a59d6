"""Hyperparameter tuning jobs: which values are tried, and the training jobs that try them."""
