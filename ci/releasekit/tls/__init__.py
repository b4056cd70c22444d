"""TLS: which certificates are trusted, the client certificate, and one CA bundle for children."""
