"""Composes and launches sweeps from Python, without a command line."""
