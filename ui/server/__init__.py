"""An engine goes in; answers to other processes on this machine come out."""
