"""What to run: what stands in configs, files and command lines, as one plan."""
