# The endpoints of one stage, moved by Terraform, in a state of their own. ./slipway export writes it beside
# stage.json; a backend, a provider or values of the variables are yours, in other files of this folder.

locals {
  stage = jsondecode(file("${path.module}/stage.json"))
}

variable "role_arn" {
  type        = string
  default     = null
  description = "The role of the models; the stage's execution role, where no other is given."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags besides project, stage and endpoint."
}

module "stage" {
  source = "../../"

  origin    = local.stage.origin
  stage     = local.stage.stage
  role_arn  = coalesce(var.role_arn, local.stage.role_arn)
  endpoints = local.stage.endpoints
  tags      = var.tags
}

output "endpoints" {
  description = "The endpoints' names in SageMaker, by their names in the stage's file."
  value       = module.stage.endpoints
}

output "releases" {
  description = "The live release of each endpoint, by its id."
  value       = module.stage.releases
}
