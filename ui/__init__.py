"""What people type and press goes in; answers on a terminal or a page come out."""
