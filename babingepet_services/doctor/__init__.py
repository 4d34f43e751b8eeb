"""Whether everything is in place to run."""
