"""What `template.yaml`, the Dockerfile and the sample events promise."""
