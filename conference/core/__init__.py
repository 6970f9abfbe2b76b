"""Clock, ids, errors, roles, audience, machine: standard library only, no asyncio."""
