"""A stage's retraining as a SageMaker Pipeline, one for each endpoint: it trains, and people release."""
