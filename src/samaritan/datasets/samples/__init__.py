"""The built-in samples: images that installed packages ship, and phantoms drawn by code; nothing is downloaded."""
