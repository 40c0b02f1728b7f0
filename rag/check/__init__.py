"""A draft goes in; for each sentence that claims something, what the articles say comes out."""
