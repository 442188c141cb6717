"""One name in the description stands for one schema: the last of two would take the other's place, unseen."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest
from ninja.openapi.schema import OpenAPISchema

from wizard.api.app import api

pytestmark = pytest.mark.any_database


def test_no_two_schemas_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    add = OpenAPISchema.add_schema_definitions

    def note(self: OpenAPISchema, definitions: dict[str, Any]) -> None:
        for name, schema in definitions.items():
            found[name].add(json.dumps(schema, sort_keys=True, default=str))
        add(self, definitions)

    monkeypatch.setattr(OpenAPISchema, "add_schema_definitions", note)
    OpenAPISchema(api, "/api/v1/").get_components()
    assert len(found) > 100
    assert {name: schemas for name, schemas in found.items() if len(schemas) > 1} == {}
