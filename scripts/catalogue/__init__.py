"""What keeps the catalogue in step with the package, and what is measured of it."""
