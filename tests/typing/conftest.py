"""Files for `make typecheck` are not run."""

collect_ignore = ["apps.py", "sweeps.py"]
