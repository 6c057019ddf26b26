"""The API under `/api/v1`: what the pages show and do, for programs.

Each operation is a function whose annotations are its schema: the same types check what comes in,
write what goes out, and make the description at `/api/v1/openapi.json`.
"""
