output "endpoints" {
  description = "The endpoints' names in SageMaker, by their names in the stage's file."
  value = {
    for key, endpoint in merge(aws_sagemaker_endpoint.guarded, aws_sagemaker_endpoint.kept) : key => endpoint.name
  }
}

output "releases" {
  description = "The live release of each endpoint, by its id."
  value       = { for key, endpoint in var.endpoints : key => endpoint.release }
}
