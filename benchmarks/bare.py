"""The control: bare Starlette on uvicorn with uvloop and httptools, which answers with ready bytes.

python -m benchmarks.bare PORT FOLDER, where FOLDER has one.json, page.json, lead.json, outcome.json and refused.json.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application(folder: Path) -> Starlette:
    """The routes of the mock, each with one ready answer."""
    ready = {file.stem: file.read_bytes() for file in folder.glob("*.json")}

    async def call(request: Request) -> Response:
        return Response(ready["one"], media_type="application/json")

    async def calls(request: Request) -> Response:
        return Response(ready["page"], media_type="application/json")

    async def outcome(request: Request) -> Response:
        refused = b"won" in await request.body()
        return Response(
            ready["refused" if refused else "outcome"], 400 if refused else 200, media_type="application/json"
        )

    async def lead(request: Request) -> Response:
        await request.body()
        return Response(ready["lead"], media_type="application/json")

    return Starlette(
        routes=[
            Route("/v1/calls/{id}", call),
            Route("/v1/calls", calls),
            Route("/v1/calls/{id}/outcome", outcome, methods=["POST"]),
            Route("/v1/leads/{id}", lead, methods=["PATCH"]),
        ]
    )


if __name__ == "__main__":
    app = application(Path(sys.argv[2]))
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="critical", access_log=False)
