"""How a multirun starts: anew, or with what there is in its directory."""
