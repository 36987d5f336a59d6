"""A stage's models, endpoint configs and endpoints by Terraform or OpenTofu: a module, and its variables."""
