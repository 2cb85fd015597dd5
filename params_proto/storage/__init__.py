"""Sweeps in files, in data frames and in lines of overrides."""
