# All but `moved_by` and `tags` come from stages/STAGE/stage.json, which ./slipway export writes.

variable "origin" {
  type        = string
  description = "Where the values come from."
}

variable "stage" {
  type        = string
  description = "The stage that the pins are of."
}

variable "role_arn" {
  type        = string
  description = "The stage's execution role, which its models have."
}

variable "moved_by" {
  type        = string
  default     = "terraform"
  description = "Who moves the traffic: terraform, by an update under SageMaker's guardrails, or slipway."

  validation {
    condition     = contains(["terraform", "slipway"], var.moved_by)
    error_message = "moved_by is terraform or slipway."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags besides project, stage and endpoint."
}

variable "endpoints" {
  description = "Every endpoint that serves, by its name in the stage's file."
  type = map(object({
    name    = string
    release = string
    serves  = string
    models = map(object({
      image             = string
      model_data_url    = string
      environment       = map(string)
      network_isolation = bool
      vpc               = optional(object({ subnets = list(string), security_groups = list(string) }))
    }))
    configs = map(object({
      variants = list(object({
        name          = string
        model         = string
        instance_type = string
        instances     = number
        weight        = number
      }))
      capture = optional(object({
        percent = number
        to      = string
        key     = optional(string)
        modes   = list(string)
      }))
    }))
    deployment = object({
      routing             = string
      step_percent        = optional(number)
      wait_seconds        = number
      termination_seconds = number
      timeout_seconds     = number
      alarms              = list(string)
    })
    alarms = map(object({
      says       = string
      dimensions = map(string)
      expression = string
      bound      = number
      period     = number
      periods    = number
      readings = list(object({
        id        = string
        namespace = string
        metric    = string
        statistic = string
      }))
    }))
  }))

  validation {
    condition = alltrue(flatten([
      for endpoint in var.endpoints : [
        for model in endpoint.models : can(regex("@sha256:[0-9a-f]{64}$", model.image))
      ]
    ]))
    error_message = "An image is pinned by digest: <repository>@sha256:<64 hexadecimal digits>."
  }

  validation {
    condition = alltrue([
      for endpoint in var.endpoints : contains(keys(endpoint.configs), endpoint.serves)
    ])
    error_message = "An endpoint serves one of its own configs."
  }
}
