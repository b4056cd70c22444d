"""What a Nexus ought to be, how what is there differs from it, and the REST API to change it."""
