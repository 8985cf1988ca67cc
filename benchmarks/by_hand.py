"""A peer: the same operations written by hand with FastAPI and models, state kept, every body and reply validated."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import uvicorn
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

app = FastAPI()


class Call(BaseModel):
    id: UUID
    call_kind: str
    lead_id: UUID
    closer_id: str | None
    setter_id: str | None
    booking_link_id: UUID | None
    product_id: UUID | None
    linked_payment_id: UUID | None
    scheduled_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    duration_minutes: float | None
    status: str | None
    conferencing_link: str | None
    expected_deal_value: float | None
    ai_summary: str | None
    action_items: list[dict[str, Any]] | None
    form_data: list[dict[str, Any]] | None
    notes: str | None
    recording_url: str | None
    has_recording: bool
    has_analysis: bool
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_term: str | None
    utm_content: str | None
    referral: str | None
    transcript_data: dict[str, Any] | None
    guest_rsvp_status: str | None
    guest_rsvp_confirmed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Lead(BaseModel):
    id: UUID
    full_name: str | None
    email: str
    phone: str | None
    company: str | None
    status: str
    timezone: str | None
    notes: list[dict[str, Any]] | None
    metadata: dict[str, Any] | None
    source: dict[str, Any] | None
    disqualification_data: dict[str, Any] | None
    payment_count: int
    payment_status: str | None
    total_paid_cents: int
    last_payment_at: str | None
    created_at: datetime
    updated_at: datetime


class OneCall(BaseModel):
    success: Literal[True] = True
    data: Call


class OneLead(BaseModel):
    success: Literal[True] = True
    data: Lead


class Pagination(BaseModel):
    has_more: bool
    next_cursor: str | None


class Calls(BaseModel):
    data: list[Call]
    pagination: Pagination


class Outcome(BaseModel):
    status: Literal["shown", "no_show", "closed", "lost", "follow_up"]
    notes: str | None = None


class LeadChange(BaseModel):
    full_name: str | None = None
    email: str | None = None
    phone: str | None = Field(default=None, pattern=r"^\+[1-9]\d{1,14}$")
    company: str | None = None


def load(folder: Path) -> None:
    """The mock's own answers as the records."""
    calls = json.loads((folder / "page.json").read_bytes())["data"]
    one = json.loads((folder / "one.json").read_bytes())["data"]
    app.state.calls = {call["id"]: Call(**call) for call in [*calls, one]}
    lead = json.loads((folder / "lead.json").read_bytes())["data"]
    app.state.leads = {lead["id"]: Lead(**lead)}


@app.exception_handler(RequestValidationError)
async def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
    body = {"success": False, "error": str(error), "code": "BAD_REQUEST", "requestId": "req_1"}
    return JSONResponse(body, status_code=400)


@app.get("/v1/calls/{id}")
async def get_call(id: UUID) -> OneCall:
    return OneCall(data=_found(app.state.calls, id))


@app.get("/v1/calls")
async def list_calls(limit: int = Query(50, ge=1, le=100)) -> Calls:
    newest = sorted(app.state.calls.values(), key=lambda call: call.created_at, reverse=True)
    return Calls(data=newest[:limit], pagination=Pagination(has_more=len(newest) > limit, next_cursor=None))


@app.post("/v1/calls/{id}/outcome")
async def set_call_outcome(id: UUID, outcome: Outcome) -> OneCall:
    changes = {**outcome.model_dump(exclude_unset=True), "updated_at": datetime.now(UTC)}
    call = app.state.calls[str(id)] = _found(app.state.calls, id).model_copy(update=changes)
    return OneCall(data=call)


@app.patch("/v1/leads/{id}")
async def update_lead(id: UUID, change: LeadChange) -> OneLead:
    changes = {**change.model_dump(exclude_none=True), "updated_at": datetime.now(UTC)}
    lead = app.state.leads[str(id)] = _found(app.state.leads, id).model_copy(update=changes)
    return OneLead(data=lead)


def _found(records: dict[str, Any], id: UUID) -> Any:
    if str(id) not in records:
        raise HTTPException(404)
    return records[str(id)]


if __name__ == "__main__":
    load(Path(sys.argv[2]))
    uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", access_log=False)
