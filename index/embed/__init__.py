"""Texts go in, unit vectors come out; also the encoder that the extractor builds upon."""
