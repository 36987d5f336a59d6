"""Jobs that run an image to its end. Knows nothing of AWS's APIs."""
