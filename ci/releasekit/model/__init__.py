"""Values and decisions about them, without effects: dists, records, plans, versions."""
