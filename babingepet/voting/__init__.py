"""From scores to a verdict: aggregate, gates, grade and edge."""
