"""What is in the container: S3 uploads in, one CSV of predictions out."""
