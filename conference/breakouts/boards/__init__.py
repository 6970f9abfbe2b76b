"""Boards of working groups: what a room writes down together, letter by letter."""
