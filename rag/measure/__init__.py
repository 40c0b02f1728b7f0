"""A question set and an engine go in; figures come out."""
