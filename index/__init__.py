"""Documents in: reading, segmenting, embedding and storing them, and the models on disk."""
