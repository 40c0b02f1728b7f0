"""Excerpts and a question go in; the words of a language model come out, as they are written."""
