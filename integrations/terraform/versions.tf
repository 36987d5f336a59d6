# Terraform 1.7 or OpenTofu 1.7: the root module that adopts imports by for_each.
terraform {
  required_version = ">= 1.7.0"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60"
    }
  }
}
