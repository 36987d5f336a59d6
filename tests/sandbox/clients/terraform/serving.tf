data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "execution" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.models.arn}/*"]
  }
  statement {
    actions   = ["cloudwatch:DescribeAlarms", "ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
  statement {
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:aws:ecr:*:*:repository/*"]
  }
  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.data.arn]
  }
}

resource "aws_iam_policy" "execution" {
  name   = "${var.name}-execution"
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = aws_iam_policy.execution.arn
}

resource "aws_iam_role_policy" "logs" {
  name = "logs"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["logs:PutLogEvents"], Resource = "*" }]
  })
}

resource "aws_sagemaker_model" "serving" {
  name               = "${var.name}-${var.release}"
  execution_role_arn = aws_iam_role.execution.arn
  primary_container {
    image          = var.image
    model_data_url = "s3://${aws_s3_object.model.bucket}/${aws_s3_object.model.key}"
    environment    = { VERSION = var.release }
  }
  depends_on = [aws_iam_role_policy_attachment.execution]

  lifecycle { create_before_destroy = true }
}

resource "aws_sagemaker_endpoint_configuration" "serving" {
  name        = "${var.name}-${var.release}"
  kms_key_arn = aws_kms_key.data.arn
  production_variants {
    variant_name           = "live"
    model_name             = aws_sagemaker_model.serving.name
    instance_type          = "ml.m5.large"
    initial_instance_count = 2
    initial_variant_weight = 1
  }

  lifecycle { create_before_destroy = true }
}

resource "aws_sagemaker_endpoint" "serving" {
  name                 = var.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.serving.name
  deployment_config {
    blue_green_update_policy {
      traffic_routing_configuration {
        type                     = "CANARY"
        wait_interval_in_seconds = 60
        canary_size {
          type  = "CAPACITY_PERCENT"
          value = 50
        }
      }
      termination_wait_in_seconds          = 60
      maximum_execution_timeout_in_seconds = 1800
    }
    auto_rollback_configuration {
      alarms { alarm_name = aws_cloudwatch_metric_alarm.errors.alarm_name }
    }
  }
}

resource "aws_appautoscaling_target" "serving" {
  service_namespace  = "sagemaker"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.serving.name}/variant/live"
  min_capacity       = 2
  max_capacity       = 4
}

resource "aws_appautoscaling_policy" "serving" {
  name               = "${var.name}-invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.serving.service_namespace
  scalable_dimension = aws_appautoscaling_target.serving.scalable_dimension
  resource_id        = aws_appautoscaling_target.serving.resource_id
  target_tracking_scaling_policy_configuration {
    target_value       = 750
    scale_in_cooldown  = 300
    scale_out_cooldown = 60
    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
