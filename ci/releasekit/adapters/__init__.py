"""Effects: each module talks to one thing and decides nothing."""
