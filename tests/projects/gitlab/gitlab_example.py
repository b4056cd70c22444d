"""What GitLab releases."""
