"""Sweeps in files and frames, and in lines of overrides."""
