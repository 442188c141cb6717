"""The id that belongs to the context of whoever works."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from wizard.wire import trace


def test_there_is_no_id_before_one_was_said_and_none_after() -> None:
    assert trace.current() == ""
    with trace.following("outer"):
        with trace.following("inner"):
            assert trace.current() == "inner"
        assert trace.current() == "outer"
    assert trace.current() == ""


def test_a_thread_has_the_id_of_whoever_sent_the_work_and_loses_it_afterwards() -> None:
    with ThreadPoolExecutor(1) as pool:
        with trace.following("mine"):
            carried = trace.carried(trace.current)
            plain = pool.submit(trace.current)
        assert pool.submit(carried).result() == "mine"
        assert plain.result() == ""
        assert pool.submit(trace.current).result() == ""


def test_two_pieces_of_work_go_by_their_own_ids_at_the_same_time() -> None:
    with ThreadPoolExecutor(4) as pool:
        futures = []
        for number in range(40):
            with trace.following(str(number)):
                futures.append(pool.submit(trace.carried(trace.current)))
        assert [future.result() for future in futures] == [str(number) for number in range(40)]


@pytest.mark.parametrize("given", ["", "a b", "a\nb", "<x>", "é", "x" * 65])
def test_an_id_that_could_be_more_than_an_id_is_not_taken_over(given: str) -> None:
    assert not trace.sound(given)


def test_ids_are_new_each_time_and_can_be_taken_over() -> None:
    ids = {trace.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(trace.sound(one) for one in ids)
