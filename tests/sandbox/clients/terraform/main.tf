# Everything that a stage of a served model needs, as a platform team would write it; the provider is told
# nothing of the sandbox but the standard variables of its environment.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.60" }
  }
}

provider "aws" {
  default_tags {
    tags = { service = "delays" }
  }
}

variable "name" { type = string }
variable "release" { type = string }
variable "image" { type = string }
variable "artifact" { type = string }

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

output "endpoint" { value = aws_sagemaker_endpoint.serving.name }
output "topic" { value = aws_sns_topic.pages.arn }
