"""What lies between data and a release: training, tracking, data versions."""
