"""Rows as CSV, XLSX and JSON that a German office opens without a second thought."""
