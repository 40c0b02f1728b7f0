"""Articles go in, and come out as passages' raw material: documents, sentences, chunks, vectors."""
