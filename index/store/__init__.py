"""Documents with their sentences, chunks and vectors go in; what a search finds comes out."""
