"""Films of the programme: a file for a part, played in step on every page by the server's clock."""
