from __future__ import annotations

import json

import pytest

from wizard.planning import migration


@pytest.mark.parametrize(("process_servers", "appliances"), [(0, 1), (1, 1), (4, 4)])
def test_there_are_as_many_appliances_as_process_servers(process_servers: int, appliances: int) -> None:
    assert migration.appliances_needed(process_servers) == appliances


def test_a_negative_number_of_process_servers_is_an_error() -> None:
    with pytest.raises(ValueError, match="-1"):
        migration.appliances_needed(-1)


@pytest.mark.parametrize(("machines", "batches"), [(0, 0), (1, 1), (10, 1), (11, 2), (200, 20)])
def test_ten_machines_make_a_batch(machines: int, batches: int) -> None:
    assert migration.batches(machines) == batches


def test_the_whole_move_names_each_condition_once_and_can_be_stored() -> None:
    whole = migration.moving(process_servers=2, machines=25)
    assert (whole.appliances, whole.batches) == (2, 3)
    assert [condition.id for condition in whole.conditions] == [f"MOVE-{number:02}" for number in range(1, 9)]
    stored = json.loads(json.dumps(whole.to_json()))
    assert "1.35.8419.34591" in stored["conditions"][0]["requirement"]["text"]
    assert all(link["url"].startswith("https://learn.microsoft.com/") for link in stored["links"])
