"""The OpenAPI document against the running product (schemathesis): what is sent by it is answered as it says."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from tests.attack import live

EXAMPLES = 20
FEW = 5
SEED = 20261118
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.ignored_auth,
    checks.unsupported_method,
]


def faults(operation: Any, address: str, headers: dict[str, str], examples: int) -> str:
    """What the examples of one operation find; empty where all is well."""
    asked: list[Any] = []

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def run(case: Any) -> None:
        asked[:] = [case]
        case.call_and_validate(base_url=address, headers=headers, checks=CHECKS)

    try:
        run()
    except (AssertionError, FailureGroup) as error:
        said = "\n".join(str(each) for each in getattr(error, "exceptions", [error]))
        return f"{operation.label}\n{said}\n{asked[0].as_curl_command()}"
    return ""


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_document_and_the_product_agree(site: live.Site) -> None:
    document = site.ask("GET", "/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    address = f"http://{live.HOST}:{site.port}"
    found = []
    for result in schema.get_all_operations():
        operation = result.ok()
        costly = operation.label == "POST /api/v1/tokens"  # argon2 on purpose
        found.append(faults(operation, address, site.people["admin"], FEW if costly else EXAMPLES))
    if any(found):
        pytest.fail("\n\n".join(filter(None, found)), pytrace=False)
