"""A reply and the evidence go in; pinned, verified and weighed statements come out."""
