# Takes over what Pulumi made of a stage: all of it is imported, and nothing changed. Slipway moves it on.

variable "origin" {
  type = string
}

variable "stage" {
  type = string
}

variable "role_arn" {
  type = string
}

variable "endpoints" {
  type = any
}

module "stage" {
  source = "../"

  origin    = var.origin
  stage     = var.stage
  role_arn  = var.role_arn
  endpoints = var.endpoints
  moved_by  = "slipway"
}

import {
  for_each = toset(flatten([for endpoint in var.endpoints : keys(endpoint.models)]))
  to       = module.stage.aws_sagemaker_model.this[each.key]
  id       = each.key
}

import {
  for_each = toset(flatten([for endpoint in var.endpoints : keys(endpoint.configs)]))
  to       = module.stage.aws_sagemaker_endpoint_configuration.this[each.key]
  id       = each.key
}

import {
  for_each = { for key, endpoint in var.endpoints : key => endpoint.name }
  to       = module.stage.aws_sagemaker_endpoint.rolled_out[each.key]
  id       = each.value
}
