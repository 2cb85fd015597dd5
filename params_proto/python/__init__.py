"""Sweeps in Python, without a command line: their configs, one by one."""
