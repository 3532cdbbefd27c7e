"""Generated requests, in every role: never an error of ours, and answers are as described."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.world import ROLES, Api

CHECKS: Any = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
STREAMS = frozenset({"follow_events"})
"""Operations that do not end by themselves."""


def fuzz(document: dict[str, Any], address: str, token: str, examples: int) -> int:
    """Ask each operation with valid and with broken input; how many requests were made."""
    schema: Any = schemathesis.openapi.from_dict(document)
    made = 0
    with requests.Session() as session:
        operations = [found.ok() for found in schema.get_all_operations()]
        # Last what can revoke the token.
        for operation in sorted(operations, key=lambda one: one.method == "delete"):
            if operation.definition.raw["operationId"] in STREAMS:
                continue
            for mode in GenerationMode:

                @seed(4)
                @settings(
                    max_examples=examples,
                    database=None,
                    deadline=None,
                    phases=[Phase.generate],
                    suppress_health_check=[
                        HealthCheck.too_slow,
                        HealthCheck.filter_too_much,
                        HealthCheck.data_too_large,
                        HealthCheck.large_base_example,
                    ],
                )
                @given(case=operation.as_strategy(generation_mode=mode))
                def ask(case: Any) -> None:
                    nonlocal made
                    made += 1
                    answer = case.call(
                        base_url=address,
                        session=session,
                        headers={"Authorization": f"Bearer {token}"},
                        timeout=10,
                    )
                    assert answer.status_code != 401 or case.method == "DELETE"
                    case.validate_response(answer, checks=CHECKS)

                ask()
    return made


async def fuzzed(api: Api, role: str, examples: int) -> None:
    document = await api.get("/openapi.json", role)
    made = await asyncio.to_thread(
        fuzz, document, api.site.address, api.tokens[role], examples
    )
    assert made > examples * len(document["paths"])


@pytest.mark.parametrize("role", ROLES)
async def test_generated_requests_are_answered_as_described(
    api: Api, role: str
) -> None:
    await fuzzed(api, role, 1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("role", ROLES)
async def test_many_generated_requests_are_answered_as_described(
    api: Api, role: str
) -> None:
    await fuzzed(api, role, 100)
