"""What the configs build, by `_target_`."""
