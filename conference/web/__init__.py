"""aiohttp: routes, pages, downloads, media signalling."""
