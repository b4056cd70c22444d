"""Checks: functions from facts to findings, kept as data."""
