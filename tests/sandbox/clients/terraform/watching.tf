resource "aws_cloudwatch_log_group" "serving" {
  name              = "/aws/sagemaker/Endpoints/${var.name}"
  retention_in_days = 30
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-errors"
  alarm_description   = "the endpoint answers 5xx"
  namespace           = "AWS/SageMaker"
  metric_name         = "Invocation5XXErrors"
  dimensions          = { EndpointName = var.name, VariantName = "live" }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.pages.arn]
  ok_actions          = [aws_sns_topic.pages.arn]
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${var.name}-latency"
  namespace           = "AWS/SageMaker"
  metric_name         = "ModelLatency"
  dimensions          = { EndpointName = var.name, VariantName = "live" }
  extended_statistic  = "p99"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 250000
  period              = 60
  evaluation_periods  = 5
}

resource "aws_cloudwatch_metric_alarm" "error_rate" {
  alarm_name          = "${var.name}-error-rate"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.02
  evaluation_periods  = 2
  metric_query {
    id          = "rate"
    expression  = "errors / calls"
    label       = "share of failed calls"
    return_data = true
  }
  metric_query {
    id = "errors"
    metric {
      namespace   = "AWS/SageMaker"
      metric_name = "Invocation5XXErrors"
      dimensions  = { EndpointName = var.name, VariantName = "live" }
      period      = 60
      stat        = "Sum"
    }
  }
  metric_query {
    id = "calls"
    metric {
      namespace   = "AWS/SageMaker"
      metric_name = "Invocations"
      dimensions  = { EndpointName = var.name, VariantName = "live" }
      period      = 60
      stat        = "Sum"
    }
  }
}

resource "aws_sns_topic" "pages" {
  name              = "${var.name}-pages"
  kms_master_key_id = aws_kms_key.data.id
}

data "aws_iam_policy_document" "pages" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.pages.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_policy" "pages" {
  arn    = aws_sns_topic.pages.arn
  policy = data.aws_iam_policy_document.pages.json
}

resource "aws_sqs_queue" "pages" {
  name = "${var.name}-pages"
}

resource "aws_sns_topic_subscription" "pages" {
  topic_arn            = aws_sns_topic.pages.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.pages.arn
  raw_message_delivery = true
}
