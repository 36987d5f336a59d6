# Takes over what Pulumi made of one stage, into a state of its own: all is imported, nothing changed, and
# nothing can be destroyed from here. Slipway moves it on. ./slipway export writes it below stage.json.

locals {
  stage = jsondecode(file("${path.module}/../stage.json"))
}

module "stage" {
  source = "../../../"

  origin    = local.stage.origin
  stage     = local.stage.stage
  role_arn  = local.stage.role_arn
  endpoints = local.stage.endpoints
  moved_by  = "slipway"
}

import {
  for_each = toset(flatten([for endpoint in local.stage.endpoints : keys(endpoint.models)]))
  to       = module.stage.aws_sagemaker_model.kept[each.key]
  id       = each.key
}

import {
  for_each = toset(flatten([for endpoint in local.stage.endpoints : keys(endpoint.configs)]))
  to       = module.stage.aws_sagemaker_endpoint_configuration.kept[each.key]
  id       = each.key
}

import {
  for_each = { for key, endpoint in local.stage.endpoints : key => endpoint.name }
  to       = module.stage.aws_sagemaker_endpoint.kept[each.key]
  id       = each.value
}
