"""A model's name goes in; the path of verified weights on disk comes out."""
