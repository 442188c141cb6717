from __future__ import annotations

from wizard.vsphere.transfer import Meter, Transfer


class Run:
    """A meter on a clock of its own."""

    def __init__(self, total: int) -> None:
        self.now = 100.0
        self.told: list[Transfer] = []
        self.meter = Meter(self.told.append, total=total, clock=lambda: self.now)

    def second(self, count: int, *, seconds: float = 1.0) -> Transfer:
        self.meter.advance(count)
        self.now += seconds
        self.meter.tell()
        return self.told[-1]


def test_speed_and_time_left_follow_what_moves() -> None:
    run = Run(1000)
    assert run.second(100) == Transfer(sent=100, total=1000, bytes_per_second=100.0, seconds_left=9.0)
    assert run.second(100).seconds_left == 8.0


def test_a_hiccup_does_not_throw_the_estimate() -> None:
    run = Run(100_000)
    for _number in range(10):
        run.second(1000)
    assert 700 < run.second(0).bytes_per_second < 1000
    for _number in range(30):
        run.second(0)
    assert run.told[-1].bytes_per_second < 10


def test_while_nothing_moves_no_time_is_promised() -> None:
    run = Run(1000)
    assert run.second(0).seconds_left is None


def test_what_has_to_be_sent_again_counts_as_moved_but_not_as_sent() -> None:
    run = Run(1000)
    run.second(400)
    run.meter.take_back(400)
    again = run.second(0)
    assert (again.sent, run.meter.percent) == (0, 0)
    assert again.bytes_per_second > 300


def test_it_is_told_at_most_five_times_a_second_and_at_the_end() -> None:
    run = Run(100)
    for _number in range(100):
        run.second(1, seconds=0.01)
    assert 4 <= len(run.told) <= 6
    run.meter.tell(at_once=True)
    assert run.told[-1].percent == 100


def test_an_import_without_any_file_is_done() -> None:
    run = Run(0)
    run.meter.tell(at_once=True)
    assert run.told[-1].percent == 100
