"""What `make typecheck` reads is not run."""

collect_ignore = ["apps.py", "sweeps.py"]
