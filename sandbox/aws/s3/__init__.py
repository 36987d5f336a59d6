"""S3: its checks of requests, bucket policies on the loopback, notifications, and objects read in process."""
