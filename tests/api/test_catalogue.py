"""The profiles and their requirement catalogues through the API: whole, filtered, in pages, the same as elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import Api, ok, problem
from wizard.services import explanations

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

PROFILES = ("asr-classic", "asr-modernized")


def everything(api: Api, profile: str, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = ok(api.get(f"profiles/{profile}/requirements/", limit=40, **query, **cursor))
        rows += page["items"]
        if page["next_cursor"] is None:
            return rows
        cursor = {"cursor": page["next_cursor"]}


def test_both_architectures_come_with_steps_and_components(api: Api) -> None:
    listed = ok(api.get("profiles/"))["items"]
    assert [row["id"] for row in listed] == list(PROFILES)
    modernized = ok(api.get("profiles/asr-modernized/"))
    assert modernized == listed[1]
    steps = {step["id"]: step for step in modernized["steps"]}
    assert steps["appliance"]["asks"]
    assert steps["install"] == {**steps["install"], "asks": False, "when": ["manual"]}
    assert steps["install"]["tasks"] == ["prepare_host", "verify_installation"]
    assert "appliance" not in {step["id"] for step in listed[0]["steps"]}
    kinds = {row["id"]: row["requirements"] for row in listed[0]["components"]}
    assert {"cs", "ps_scaleout", "mt_linux"} <= set(kinds)
    assert all(kinds.values())


@pytest.mark.parametrize("profile", PROFILES)
def test_every_requirement_is_there_once_with_its_source(api: Api, profile: str) -> None:
    rows = everything(api, profile)
    assert [row["id"] for row in rows] == [row.id for row in explanations.listing(profile)]
    for row in rows:
        assert row["title"], row["id"]
        assert row["why"], row["id"]
        assert row["remedy"], row["id"]
        assert row["source"], row["id"]
        assert row["link"].startswith("https://"), row["id"]
        assert bool(row["question"]) == (row["kind"] == "attested"), row["id"]
        assert bool(row["unchecked"]) == (row["kind"] == "listed"), row["id"]
        assert bool(row["ways"]) == (row["kind"] == "probe"), row["id"]


def test_where_documents_contradict_each_other_all_versions_are_told(api: Api) -> None:
    rows = {row["id"]: row for row in everything(api, "asr-modernized")}
    conflict = rows["HW-13"]["conflict"]
    assert conflict["id"] == "C3"
    assert len(conflict["versions"]) == 2
    assert all(version["says"] and version["document"] for version in conflict["versions"])
    assert conflict["handling"]


@pytest.mark.parametrize(
    "query",
    [
        {"component": "mt_linux"},
        {"method": "ova"},
        {"phase": "after"},
        {"component": "cs", "method": "manual", "phase": "before"},
    ],
)
def test_it_is_filtered_as_everywhere(api: Api, query: dict[str, str]) -> None:
    found = {row["id"] for row in everything(api, "asr-classic", **query)}
    assert found == {row.id for row in explanations.selected("asr-classic", **query)}
    assert 0 < len(found) < len(explanations.listing("asr-classic"))


def test_what_is_none_is_refused(api: Api) -> None:
    for path in ("profiles/asr-quantum/", "profiles/asr-quantum/requirements/"):
        assert "asr-classic" in problem(api.get(path), 404, "not_found")["detail"]
    path = "profiles/asr-classic/requirements/"
    assert everything(api, "asr-classic", component="toaster") == []
    problem(api.get(path, method="floppy"), 422, "invalid")
    problem(api.get(path, cursor="x"), 422, "invalid")
    cursor = ok(api.get(path, limit=1))["next_cursor"]
    problem(api.get("profiles/asr-modernized/requirements/", cursor=cursor), 422, "invalid")


def test_no_list_of_the_catalogue_asks_the_database_for_its_rows(
    api: Api, django_assert_max_num_queries: Any
) -> None:
    # The token and its person alone.
    with django_assert_max_num_queries(4):
        ok(api.get("profiles/asr-classic/requirements/", limit=200))
    with django_assert_max_num_queries(4):
        ok(api.get("profiles/"))


def test_one_requirement_is_read_as_in_the_list(api: Api) -> None:
    row = ok(api.get("profiles/asr-classic/requirements/", limit=1))["items"][0]
    assert ok(api.get(f"profiles/asr-classic/requirements/{row['id']}/")) == row
    problem(api.get("profiles/asr-classic/requirements/NONE-99/"), 404, "not_found")
    problem(api.get(f"profiles/none/requirements/{row['id']}/"), 404, "not_found")
