"""The asset graph: one folder a market. An asset calls a service and returns with metadata."""
