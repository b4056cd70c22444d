"""An ordinary package."""
