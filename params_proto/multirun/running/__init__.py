"""Running jobs through a launcher: what they leave, how they fail and are stopped, the end."""
