"""The expression of a sweep: its steps, what may be one, how two are joined, and their configs."""
