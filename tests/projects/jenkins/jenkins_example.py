"""What Jenkins releases."""
