"""The event tape: raw trades and best quotes as partitioned Parquet, in a folder or an object store."""
