"""The live side of a session: who is here, what they are told, what they see."""
