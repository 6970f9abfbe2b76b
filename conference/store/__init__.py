"""The database: engine, base, one transaction per action, the facts log."""
