"""What administration is made of: one module for each verb of `admin` that needs more room."""
