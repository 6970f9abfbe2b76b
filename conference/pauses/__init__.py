"""Active pause and breaks: steps on the server's clock, and *bin wieder da*."""
