"""Any fact that the schema of target machines allows, and any that the wizard itself puts on the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date
from typing import Any

from hypothesis import strategies as st

from wizard.hosts import shapes
from wizard.hosts.schema import LINUX, WINDOWS
from wizard.text import Text

_LARGEST = 2**63 - 1
_SHORT = 4

_HINTS = st.sampled_from(
    ["C:", "D:", "en-US", "Undefined", "5.7.20", "9.13", "Auto", "NTFS", "443", "", "0409"]
)
_WORDS = st.one_of(_HINTS, st.text(st.characters(exclude_characters="\0"), max_size=12))
_WHOLE = st.one_of(st.integers(-2, 7), st.sampled_from([443, 9443]), st.integers(-_LARGEST, _LARGEST))


def facts_of_shape(shape: shapes.Shape) -> st.SearchStrategy[Any]:
    """Values that pass through `shape`, odd ones among them."""
    match shape:
        case shapes.Words():
            return _WORDS
        case shapes.Moment():
            return st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat())
        case shapes.Whole():
            return _WHOLE
        case shapes.Number():
            return st.one_of(_WHOLE, st.floats(allow_nan=False, allow_infinity=False))
        case shapes.Truth():
            return st.booleans()
        case shapes.Maybe(inner):
            return st.one_of(st.none(), facts_of_shape(inner))
        case shapes.ListOf(inner):
            return st.lists(facts_of_shape(inner), max_size=_SHORT)
        case shapes.MapOf(inner):
            return st.dictionaries(_WORDS, facts_of_shape(inner), max_size=_SHORT)
        case shapes.Record(members):
            return st.fixed_dictionaries({name: facts_of_shape(inner) for name, inner in members.items()})
    raise AssertionError(f"a shape without a strategy: {shape}")


_ANSWERS: Mapping[str, st.SearchStrategy[Any]] = {
    "today": st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    "capacity.vcpu": st.integers(1, 64),
    "capacity.memory_gb": st.integers(1, 256),
    "capacity.cache_gb": st.integers(1, 4096),
    "installation.install_drive": st.sampled_from(["C:", "D:", "z:"]),
    "installation.mysql": st.sampled_from(["download", "staged"]),
    "identity.address": st.just("10.0.0.10"),
    "identity.netmask": st.just("255.255.255.0"),
    "identity.gateway": st.just("10.0.0.1"),
    "identity.fqdn": st.sampled_from(["cs01", "cs01.site.test"]),
    "identity.data_port": st.sampled_from([443, 9443]),
    "identity.proxy": st.sampled_from([None, "http://proxy.site.test:3128"]),
    "vcenter.reach": st.just(
        {
            "address": "vcenter.site.test",
            "port": 443,
            "reached": True,
            "detail": Text("reached"),
            "remedy": Text(""),
        }
    ),
    "urls.reach": st.just([]),
    "topology.bios_uuids": st.dictionaries(_WORDS, st.text(max_size=8), max_size=3),
}

STRATEGIES: Mapping[str, st.SearchStrategy[Any]] = {
    **{f"host.{key}": facts_of_shape(fact.shape) for key, fact in WINDOWS.items()},
    **{f"mt_linux.{key}": facts_of_shape(fact.shape) for key, fact in LINUX.items()},
    **_ANSWERS,
}


def rendered(*texts: Text) -> list[str]:
    """The sentences, as a person would read them: raises where a place in one has no value."""
    return [str(text) for text in texts]
