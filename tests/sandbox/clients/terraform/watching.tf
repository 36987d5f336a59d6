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

resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "${var.name}-slow-3d"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  metric_query {
    id          = "measured"
    expression  = "100 - within"
    return_data = true
  }
  metric_query {
    id = "within"
    metric {
      namespace   = "AWS/SageMaker"
      metric_name = "ModelLatency"
      dimensions  = { EndpointName = var.name, VariantName = "live" }
      period      = 259200
      stat        = "PR(:300000)"
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "page" {
  alarm_name        = "${var.name}-page"
  alarm_description = "run this next"
  alarm_rule        = "(ALARM(${aws_cloudwatch_metric_alarm.errors.alarm_name}) AND ALARM(${aws_cloudwatch_metric_alarm.latency.alarm_name}))"
  alarm_actions     = [aws_sns_topic.pages.arn]
  ok_actions        = [aws_sns_topic.pages.arn]
}

resource "aws_cloudwatch_composite_alarm" "ticket" {
  alarm_name    = "${var.name}-ticket"
  alarm_rule    = "ALARM(${aws_cloudwatch_metric_alarm.slow.alarm_name})"
  alarm_actions = [aws_sns_topic.pages.arn]
  actions_suppressor {
    alarm            = aws_cloudwatch_composite_alarm.page.alarm_name
    extension_period = 120
    wait_period      = 60
  }
}

resource "aws_cloudwatch_dashboard" "serving" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    periodOverride = "inherit"
    widgets = [
      { type = "text", x = 0, y = 0, width = 24, height = 2, properties = { markdown = "# ${var.name}" } },
      {
        type = "metric", x = 0, y = 2, width = 12, height = 6
        properties = {
          region  = "us-east-1"
          view    = "timeSeries"
          metrics = [["AWS/SageMaker", "Invocations", "EndpointName", var.name, "VariantName", "live", { stat = "Sum" }]]
        }
      },
    ]
  })
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
