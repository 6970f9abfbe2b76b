"""The SFU: engine, worker process, and the protocols inside it."""
