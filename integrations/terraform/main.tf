# A stage's models, endpoint configs and endpoints, of its live releases and of those it goes back to.
#
# Every name is its content's, so nothing is ever changed under a name: another release is another model and
# config, made before the endpoint moves, and what no pin names is destroyed after it did. Where Slipway moves
# the traffic, models, configs and endpoints are those of kept.tf.

locals {
  models = merge([
    for key, endpoint in var.endpoints : {
      for name, model in endpoint.models : name => merge(model, { endpoint = key })
    }
  ]...)

  configs = merge([
    for key, endpoint in var.endpoints : {
      for name, config in endpoint.configs : name => merge(config, { endpoint = key })
    }
  ]...)

  # Whoever lets Slipway move the traffic has the alarms of its rollouts.
  alarms = merge([
    for key, endpoint in var.moved_by == "terraform" ? var.endpoints : {} : {
      for name, alarm in endpoint.alarms : name => merge(alarm, { endpoint = key })
    }
  ]...)

  tags = { for key in keys(var.endpoints) : key => merge(
    var.tags, { project = "slipway", stage = var.stage, endpoint = key }
  ) }
}

# A state is of the stage that it was made for: another stage's pins would replace this one's endpoints.
resource "terraform_data" "stage" {
  input = var.stage

  lifecycle {
    ignore_changes = [input]
    postcondition {
      condition     = self.input == var.stage
      error_message = "This state is of the stage ${self.input}, and the pins are of ${var.stage}: nothing is changed. Each stage has a root module and a state of its own, stages/${var.stage}; with a backend of yours, give each a key of its own."
    }
  }
}

resource "aws_sagemaker_model" "this" {
  for_each = { for name, model in local.models : name => model if var.moved_by == "terraform" }

  name                     = each.key
  execution_role_arn       = var.role_arn
  enable_network_isolation = each.value.network_isolation
  tags                     = local.tags[each.value.endpoint]

  primary_container {
    image          = each.value.image
    model_data_url = each.value.model_data_url
    environment    = each.value.environment
  }

  dynamic "vpc_config" {
    for_each = each.value.vpc[*]
    content {
      subnets            = vpc_config.value.subnets
      security_group_ids = vpc_config.value.security_groups
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  for_each = { for name, config in local.configs : name => config if var.moved_by == "terraform" }

  name = each.key
  tags = local.tags[each.value.endpoint]

  dynamic "production_variants" {
    for_each = each.value.variants
    content {
      variant_name           = production_variants.value.name
      model_name             = aws_sagemaker_model.this[production_variants.value.model].name
      instance_type          = production_variants.value.instance_type
      initial_instance_count = production_variants.value.instances
      initial_variant_weight = production_variants.value.weight
    }
  }

  dynamic "data_capture_config" {
    for_each = each.value.capture[*]
    content {
      enable_capture              = true
      initial_sampling_percentage = data_capture_config.value.percent
      destination_s3_uri          = data_capture_config.value.to
      kms_key_id                  = data_capture_config.value.key

      dynamic "capture_options" {
        for_each = data_capture_config.value.modes
        content {
          capture_mode = capture_options.value
        }
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Of one config's fleet each: the fleet that serves meanwhile is not in it, whose answers would hide a canary's.
resource "aws_cloudwatch_metric_alarm" "guard" {
  for_each = local.alarms

  alarm_name          = each.key
  alarm_description   = each.value.says
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.bound
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  tags                = local.tags[each.value.endpoint]

  metric_query {
    id          = "measured"
    expression  = each.value.expression
    label       = each.value.says
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.readings
    content {
      id          = metric_query.value.id
      return_data = false

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = each.value.dimensions
        period      = each.value.period
        stat        = metric_query.value.statistic
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Terraform moves it: one update to the live config under SageMaker's guardrails, which an alarm takes back.
# The provider replaces an endpoint whose auto_rollback_configuration appears or goes, so it is always there.
# An endpoint that is to go, or never started, is deleted by its name first, and the rest by Terraform then:
#   aws sagemaker delete-endpoint --endpoint-name NAME
resource "aws_sagemaker_endpoint" "guarded" {
  for_each = { for key, endpoint in var.endpoints : key => endpoint if var.moved_by == "terraform" }

  name                 = each.value.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this[each.value.serves].name
  tags                 = local.tags[each.key]

  deployment_config {
    blue_green_update_policy {
      termination_wait_in_seconds          = each.value.deployment.termination_seconds
      maximum_execution_timeout_in_seconds = each.value.deployment.timeout_seconds

      traffic_routing_configuration {
        type                     = each.value.deployment.routing
        wait_interval_in_seconds = each.value.deployment.wait_seconds

        dynamic "canary_size" {
          for_each = each.value.deployment.routing == "CANARY" ? [each.value.deployment.step_percent] : []
          content {
            type  = "CAPACITY_PERCENT"
            value = canary_size.value
          }
        }

        dynamic "linear_step_size" {
          for_each = each.value.deployment.routing == "LINEAR" ? [each.value.deployment.step_percent] : []
          content {
            type  = "CAPACITY_PERCENT"
            value = linear_step_size.value
          }
        }
      }
    }

    auto_rollback_configuration {
      dynamic "alarms" {
        for_each = each.value.deployment.alarms
        content {
          alarm_name = aws_cloudwatch_metric_alarm.guard[alarms.value].alarm_name
        }
      }
    }
  }

  # An update that an alarm took back ends as one that landed: InService, with the config of before.
  lifecycle {
    prevent_destroy = true
    postcondition {
      condition     = self.endpoint_config_name == each.value.serves
      error_message = "${each.value.name} serves ${self.endpoint_config_name}, not ${each.value.serves}: SageMaker took the update to ${each.value.release} back. Fence it: ./slipway fence add ${each.value.release} --reason 'why'"
    }
  }
}
