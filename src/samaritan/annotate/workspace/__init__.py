"""Cases, masks, journal and exports: files, no model and no network."""
