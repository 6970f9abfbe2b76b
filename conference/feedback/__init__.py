"""The rating from 1 to 10 at the end, with aspects and a comment."""
