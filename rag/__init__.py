"""A question goes in; an answer pinned to sentences, or an abstention, comes out."""
