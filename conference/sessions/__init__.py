"""The agenda: sessions, their parts, their states, the stage and attendance."""
