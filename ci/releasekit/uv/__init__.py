"""How uv is called: with which credentials, and when it may build."""
