"""Values and keys as the text of Hydra's overrides, and back."""
