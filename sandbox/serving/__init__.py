"""What really serves: endpoints, fleets, instances, runtimes and images. Knows nothing of AWS's APIs."""
