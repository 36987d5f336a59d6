"""SageMaker: models, endpoint configs, endpoints and what endpoints publish as metrics."""
