"""One training loop for all adaptation methods."""
