"""Every operation with generated requests: valid, invalid, at the borders, and in sequences along the links."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any
from zoneinfo import available_timezones

import pytest
import schemathesis
from hypothesis import settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

from contract_tests.kit.options import Options
from contract_tests.kit.target import Target
from mockserver.formats import is_iana_timezone
from mockserver.mock import read_packaged_vendors
from mockserver.openapi import document

INFERRED_CHECKS = (
    "status_code_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "negative_data_rejection",
    "missing_required_header",
    # Members that no page names are part of what is valid, and it is our inference that they are ignored.
    "positive_data_acceptance",
)
# Of the cases at the borders so many are sent to another's server: they are two thirds of all that is generated.
EVERY = 2
BOUNDARIES = count()
INTEGERS = range(-(2**63), 2**64)

schemathesis.openapi.format("iana-timezone", st.sampled_from(sorted(filter(is_iana_timezone, available_timezones()))))

# Registered by conftest.py, from the flags.
PROFILE = settings.get_profile("contract")

# A text with a NUL is valid for the schema and refused by the rules on unstorable text, which have tests of their own.
CONFIG = {
    "generation": {"allow-x00": False, "max-examples": PROFILE.max_examples},
    # Methods that no page names have a sentence of their own, with fewer requests.
    "phases": {"coverage": {"unexpected-methods": []}},
    "operations": [
        # A made-up cursor is valid for the schema, which knows text alone, and refused by rule
        # aura.list_calls.bad-cursor-refused.
        {"include-operation-id": "list_calls", "checks": {"positive_data_acceptance": {"enabled": False}}},
    ],
}
SCHEMAS = {
    name: schemathesis.openapi.from_dict(document(vendor.contract), config=SchemathesisConfig.from_dict(CONFIG))
    for name, vendor in read_packaged_vendors().items()
}


def numbers(value: Any) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from numbers(child)


@schemathesis.hook
def filter_body(context: Any, body: Any) -> bool:
    """Numbers beyond 64 bits are valid for the schema and refused by rules that have tests of their own."""
    return all(number in INTEGERS for number in numbers(body))


@pytest.fixture(scope="module")
def excluded(run_options: Options) -> list[Any]:
    """Checks that hold a target to inferences of ours: the sentences about these name the rule when they differ."""
    return [] if run_options.strict else [*map(CHECKS.get_one, INFERRED_CHECKS)]


@pytest.fixture(scope="module")
def real_ids(target: Target, request: pytest.FixtureRequest) -> dict[tuple[str, str], str]:
    """(operation, path parameter) to the id of a record that the target has."""
    ids = {}
    if target.aura:
        call_id, lead_id = request.getfixturevalue("call_id"), request.getfixturevalue("lead_id")
        ids = {("get_call", "id"): call_id, ("set_call_outcome", "id"): call_id, ("update_lead", "id"): lead_id}
    if target.comm:
        ids["change_call_outcome", "call"] = target.comm.call_id
    return ids


def hold(target: Target, vendor: str, case: Any, real_ids: dict[tuple[str, str], str], excluded: list[Any]) -> None:
    """Send a generated request, with a real id in place of a valid one, and run all checks on the reply."""
    client = target.client(vendor)
    if case.meta.phase.name is TestPhase.COVERAGE and next(BOUNDARIES) % EVERY and not client.guard.own:
        return
    path = case.meta.components.get(ParameterLocation.PATH)
    if path is not None and path.mode is GenerationMode.POSITIVE:
        operation_id = case.operation.definition.raw["operationId"]
        for name in case.path_parameters:
            case.path_parameters[name] = real_ids[operation_id, name]
    case.call_and_validate(
        base_url=str(client.http.base_url),
        session=client.guard.session(),
        headers={"Authorization": f"Bearer {client.key}"},
        excluded_checks=excluded,
    )


@SCHEMAS["aura"].parametrize()
@PROFILE
def test_aura_answers_generated_requests_as_documented(case: Any, target: Target, real_ids: Any, excluded: Any):
    """Valid requests are accepted, invalid ones refused, and every reply fits its schema."""
    hold(target, "aura", case, real_ids, excluded)


@SCHEMAS["comm"].parametrize()
@PROFILE
def test_comm_answers_generated_requests_as_documented(case: Any, target: Target, real_ids: Any, excluded: Any):
    """Valid requests are accepted, invalid ones refused, and every reply fits its schema."""
    hold(target, "comm", case, real_ids, excluded)


@pytest.mark.parametrize("vendor", SCHEMAS)
def test_sequences_along_the_links_end_as_documented(vendor: str, target: Target, excluded: Any):
    """Requests with ids from earlier replies: the same checks hold on every step."""
    client = target.client(vendor)

    class Sequences(SCHEMAS[vendor].as_state_machine()):
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {
                "base_url": str(client.http.base_url),
                "headers": {"Authorization": f"Bearer {client.key}"},
                "session": client.guard.session(),
            }

        def validate_response(self, response: Any, case: Any, **options: Any) -> None:
            case.validate_response(response, excluded_checks=excluded)

    Sequences.run(settings=settings(PROFILE, max_examples=PROFILE.max_examples // 10 + 1, stateful_step_count=4))
