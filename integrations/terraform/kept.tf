# What Slipway moves, makes and deletes: Terraform only keeps it in its state, and refuses to destroy any of it.
# With an export of another day, a flipped `moved_by` or `terraform destroy` it would else delete what serves.
# `terraform state rm` forgets it. The bodies are main.tf's: prevent_destroy takes no expression.

resource "aws_sagemaker_model" "kept" {
  for_each = { for name, model in local.models : name => model if var.moved_by == "slipway" }

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
    prevent_destroy = true
  }
}

resource "aws_sagemaker_endpoint_configuration" "kept" {
  for_each = { for name, config in local.configs : name => config if var.moved_by == "slipway" }

  name = each.key
  tags = local.tags[each.value.endpoint]

  dynamic "production_variants" {
    for_each = each.value.variants
    content {
      variant_name           = production_variants.value.name
      model_name             = aws_sagemaker_model.kept[production_variants.value.model].name
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
    prevent_destroy = true
  }
}

# What it serves and how it was last moved are its rollouts', as in Pulumi's program.
resource "aws_sagemaker_endpoint" "kept" {
  for_each = { for key, endpoint in var.endpoints : key => endpoint if var.moved_by == "slipway" }

  name                 = each.value.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.kept[each.value.serves].name
  tags                 = local.tags[each.key]

  lifecycle {
    prevent_destroy = true
    ignore_changes  = [deployment_config, endpoint_config_name]
  }
}
