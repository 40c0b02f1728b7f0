"""An engine and a library go in; a page in the browser comes out."""
