"""Tests of the training as a container of SageMaker's."""
