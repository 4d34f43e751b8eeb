"""Use cases: read, call the engine, write. No Dagster here; assets, commands and pages call these."""
