"""A corpus as Parquet tables, for whoever outgrows one machine: sessions, turns, measures, decisions, trials."""
