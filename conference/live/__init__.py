"""socket.io: the gateway and one module per family of commands."""
