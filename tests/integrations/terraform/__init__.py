"""The Terraform module, by the real program and provider."""
