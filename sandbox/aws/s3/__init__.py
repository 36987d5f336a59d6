"""S3: checks of requests, bucket policies on the loopback, notifications, and objects without a request."""
