"""What all jobs are made of: a folder, what comes from S3 and goes there, and a program that ends."""
