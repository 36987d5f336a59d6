"""What monitoring finds, how soon, and how often wrongly: measured on the example."""
