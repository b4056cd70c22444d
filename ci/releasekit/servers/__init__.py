"""Servers that stand alone: nothing of the kit is imported here."""
