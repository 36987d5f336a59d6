"""SageMaker's model packages and their groups, as far as moto lacks them."""
