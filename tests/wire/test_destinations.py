"""What this server connects to, and what it does not, whoever entered the address."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.message
import dns.nameserver
import dns.resolver
import pytest

from tests.vsphere_ova import web
from wizard.addresses import AddressBook
from wizard.checks.probes import dns as dns_probe
from wizard.checks.probes import ntp, proxies, tcp
from wizard.checks.probes.failure import Deadline, ProbeError
from wizard.hosts.probe import probe_host
from wizard.lab.dns_server import DnsServer
from wizard.services.targets import allowed_targets
from wizard.vsphere.ova_download import DownloadFailed, download
from wizard.vsphere.probe import ProbeReport, probe
from wizard.wire import destinations
from wizard.wire.destinations import Destination, DestinationRefused, Purpose, Rules
from wizard.wire.tcp import connect_any

METADATA = "169.254.169.254"
NAME = "turncoat.example.test"


@pytest.fixture
def allow() -> Iterator[Callable[[Rules], None]]:
    """Rules other than those of the settings, for one test."""
    yield lambda rules: destinations.configure(lambda: rules)
    destinations.configure(allowed_targets)


@pytest.fixture(autouse=True)
def strict(allow: Callable[[Rules], None]) -> None:
    allow(Rules())


def refusal(
    purpose: Purpose, host: str, port: int, address: str, *, detour: bool = False
) -> DestinationRefused:
    with pytest.raises(DestinationRefused) as caught:
        Destination(purpose=purpose, host=host, port=port, detour=detour).check(address)
    return caught.value


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (METADATA, "metadata"),
        ("169.254.170.2", "metadata"),
        ("100.100.100.200", "metadata"),
        ("168.63.129.16", "metadata"),
        ("192.0.0.192", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("fd00:ec2::254%eth0", "metadata"),
        ("fd20:ce::254", "metadata"),
        ("::ffff:169.254.169.254", "metadata"),
        ("::169.254.169.254", "metadata"),
        ("::ffff:0:169.254.169.254", "metadata"),
        ("64:ff9b::a9fe:a9fe", "metadata"),
        ("64:ff9b:1::a9fe:a9fe", "metadata"),
        ("64:ff9b:1:a9fe:a9:fe00:808:808", "metadata"),
        ("64:ff9b:1:a9:fe:a9fe:808:808", "metadata"),
        ("64:ff9b:1:2:7f:0:108:808", "loopback"),
        ("64:ff9b:1:7f00:0:100:808:808", "loopback"),
        ("fd00:ec2::23", "metadata"),
        ("fd00:42::42", "metadata"),
        ("2002:a9fe:a9fe::1", "metadata"),
        ("2001:0:4136:e378:8000:63bf:5601:5601", "metadata"),
        ("fd12::5efe:169.254.169.254", "metadata"),
        ("fd12::200:5efe:a9fe:a9fe", "metadata"),
        ("169.254.1.1", "link_local"),
        ("fe80::1", "link_local"),
        ("fe80::1%eth0", "link_local"),
        ("::ffff:169.254.7.7", "link_local"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("::ffff:0.0.0.0", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("240.0.0.1", "reserved"),
        ("fec0::1", "reserved"),
        ("127.0.0.1", "loopback"),
        ("127.8.9.10", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:7f00:1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
    ],
)
def test_an_address_that_leads_to_no_other_machine_is_known_in_all_its_wrappings(
    address: str, kind: str
) -> None:
    refused = refusal(Purpose.VSPHERE, "vc.example.net", 443, address)
    assert str(refused).endswith(str(destinations._WHY[kind]))  # type: ignore[index]
    assert f"vc.example.net, which leads to {address}" in str(refused)
    assert refused.code == "destination_refused"


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.9.1",
        "192.168.1.1",
        "100.64.0.1",
        "8.8.8.8",
        "192.0.2.20",
        "fd12::1",
        "2600::1",
        "64:ff9b::808:808",
        "64:ff9b:1::808:808",
        "64:ff9b:1:abcd::a00:1",
        "2002:808:808::1",
        "::ffff:10.0.0.1",
    ],
)
@pytest.mark.parametrize("purpose", [Purpose.VSPHERE, Purpose.WEBHOOK, Purpose.REQUIREMENT])
def test_addresses_of_machines_are_connected_to_those_of_data_centres_too(
    address: str, purpose: Purpose
) -> None:
    Destination(purpose=purpose, host="vc.example.net", port=443).check(address)


def test_this_machine_is_a_target_where_the_settings_say_so_on_any_port(
    allow: Callable[[Rules], None],
) -> None:
    assert "ALLOW_LOOPBACK_TARGETS" in str(refusal(Purpose.WEBHOOK, "localhost", 443, "127.0.0.1").remedy)
    allow(Rules(loopback=True))
    for purpose in Purpose:
        Destination(purpose=purpose, host="localhost", port=50_000).check("127.0.0.1")
        assert refusal(purpose, "localhost", 443, METADATA).field == "host"


def test_a_detour_of_the_settings_may_lead_to_this_machine_and_to_any_port_but_never_to_metadata() -> None:
    Destination(purpose=Purpose.VSPHERE, host="vc.lab.test", port=443, detour=True).check("127.0.0.1")
    Destination(purpose=Purpose.VSPHERE, host="vc.lab.test", port=50_000, detour=True).check("10.0.0.1")
    refusal(Purpose.VSPHERE, "vc.lab.test", 443, METADATA, detour=True)


def test_without_settings_the_strict_rules_hold() -> None:
    assert Rules() == Rules(loopback=False, ports=frozenset(), webhook_ports=frozenset({443}))


# --- ports ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "port"),
    [
        (Purpose.VSPHERE, 443),
        (Purpose.WINRM, 5986),
        (Purpose.WINRM, 5985),
        (Purpose.SSH, 22),
        (Purpose.DOWNLOAD, 80),
        (Purpose.PROXY, 3128),
        (Purpose.DATA, 9443),
        (Purpose.DATA, 41_000),
        (Purpose.REQUIREMENT, 22),
        (Purpose.WEBHOOK, 443),
    ],
)
def test_what_a_step_needs_is_open(purpose: Purpose, port: int) -> None:
    Destination(purpose=purpose, host="far.example.net", port=port).check("10.0.0.1")


@pytest.mark.parametrize(
    ("purpose", "port", "setting"),
    [
        (Purpose.VSPHERE, 22, "PROBE_PORTS"),
        (Purpose.VSPHERE, 6379, "PROBE_PORTS"),
        (Purpose.WINRM, 443, "PROBE_PORTS"),
        (Purpose.SSH, 25, "PROBE_PORTS"),
        (Purpose.DOWNLOAD, 5432, "PROBE_PORTS"),
        (Purpose.PROXY, 25, "PROBE_PORTS"),
        (Purpose.DATA, 25, "PROBE_PORTS"),
        (Purpose.DATA, 6379, "PROBE_PORTS"),
        (Purpose.WEBHOOK, 80, "WEBHOOK_PORTS"),
        (Purpose.WEBHOOK, 8443, "WEBHOOK_PORTS"),
        (Purpose.PLAIN_WEBHOOK, 80, "WEBHOOK_PORTS"),
    ],
)
def test_another_port_is_refused_with_the_setting_that_would_open_it(
    purpose: Purpose, port: int, setting: str
) -> None:
    refused = refusal(purpose, "far.example.net", port, "10.0.0.1")
    assert setting in str(refused.remedy)
    assert refused.field == ("host" if purpose is Purpose.PLAIN_WEBHOOK else "port")


def test_settings_open_ports_those_of_webhooks_apart_from_the_others(allow: Callable[[Rules], None]) -> None:
    allow(Rules(ports=frozenset({10_443, 6379}), webhook_ports=frozenset({80, 443, 8443})))
    for purpose, port in (
        (Purpose.VSPHERE, 10_443),
        (Purpose.DATA, 6379),
        (Purpose.WEBHOOK, 8443),
        (Purpose.PLAIN_WEBHOOK, 80),
    ):
        Destination(purpose=purpose, host="far.example.net", port=port).check("10.0.0.1")
    refusal(Purpose.WEBHOOK, "far.example.net", 10_443, "10.0.0.1")
    refusal(Purpose.WEBHOOK, "far.example.net", 80, "10.0.0.1")


def test_addresses_and_ports_are_judged_as_entered_and_names_are_not_looked_up(
    allow: Callable[[Rules], None],
) -> None:
    def judge(host: str, port: int, *, detour: bool = False) -> None:
        Destination(purpose=Purpose.VSPHERE, host=host, port=port, detour=detour).check_as_entered()

    for host, port in ((METADATA, 443), ("127.0.0.1", 443), ("[::1]", 443), ("vc.example.net", 22)):
        with pytest.raises(DestinationRefused):
            judge(host, port)
    judge("vc.example.net", 443)
    judge("10.0.0.1", 443)
    judge("vc.lab.test", 22, detour=True)
    judge("127.0.0.1", 22, detour=True)
    with pytest.raises(DestinationRefused):
        judge(METADATA, 443, detour=True)
    allow(Rules(loopback=True))
    judge("may-be-this-one.example.net", 50_000)
    with pytest.raises(DestinationRefused):
        judge("10.0.0.1", 50_000)


# --- connections ------------------------------------------------------------------------------------------------------


class Turncoat(DnsServer):
    """Answers as it should at first, and then with a metadata address, as in DNS rebinding."""

    def __init__(self, honest: int = 1) -> None:
        super().__init__({NAME: "127.0.0.1"})
        self._honest = honest

    def answer(self, wire: bytes) -> bytes | None:
        response = super().answer(wire)
        if dns.message.from_wire(wire).question[0].rdtype == dns.rdatatype.A:
            self._honest -= 1
            if self._honest == 0:
                self.add(NAME, METADATA)
        return response


@contextmanager
def asked_by_this_machine(server: DnsServer) -> Iterator[None]:
    """The system's resolver asks that server."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver("127.0.0.1", server.port)]
    resolver.cache = None
    dns.resolver.override_system_resolver(resolver)
    try:
        yield
    finally:
        dns.resolver.restore_system_resolver()


def failed(report: ProbeReport) -> tuple[str, str]:
    layer = next(layer for layer in report.layers if layer.status == "fail")
    return layer.name, layer.code


def test_a_name_that_turns_to_metadata_is_refused_at_the_connection_and_not_only_when_it_was_saved(
    allow: Callable[[Rules], None],
) -> None:
    allow(Rules(loopback=True))
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Turncoat() as names,
        asked_by_this_machine(names),
    ):
        port = listener.getsockname()[1]
        first = probe(NAME, port, timeout_s=0.3)
        second = probe(NAME, port, timeout_s=0.3)
    assert failed(first)[0] == "tls", "the first look-up leads to the listener, which says nothing"
    assert failed(second) == ("tcp", "destination_refused")
    assert ProbeReport.from_json(second.to_json()) == second


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0"])
def test_another_spelling_of_this_machine_leads_to_it_all_the_same(host: str) -> None:
    assert failed(probe(host, 443, timeout_s=1.0)) == ("tcp", "destination_refused")


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "foothold.localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0"],
)
def test_another_spelling_of_this_machine_is_told_as_soon_as_it_is_entered(
    host: str, allow: Callable[[Rules], None]
) -> None:
    entered = Destination(purpose=Purpose.WEBHOOK, host=host, port=443)
    with pytest.raises(DestinationRefused) as refused:
        entered.check_as_entered()
    assert refused.value.field == "host"
    allow(Rules(loopback=True))
    if host != "0":  # which stands for no machine in particular
        entered.check_as_entered()


@pytest.mark.parametrize("host", ["localhost.example.net", "0x7f000001.example.net", "cs01", "10.1"])
def test_what_only_looks_like_this_machine_is_judged_once_it_is_looked_up(host: str) -> None:
    Destination(purpose=Purpose.WEBHOOK, host=host, port=443).check_as_entered()


def test_what_was_judged_is_what_is_connected_to(allow: Callable[[Rules], None]) -> None:
    """One look-up: between judging and connecting nobody can give another answer."""
    allow(Rules(loopback=True))
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Turncoat() as names,
        asked_by_this_machine(names),
    ):
        port = listener.getsockname()[1]
        assert failed(probe(NAME, port, timeout_s=0.3))[0] == "tls"
        assert [kind for _name, kind in names.questions].count("A") == 1


def test_a_name_with_one_forbidden_address_is_not_connected_to_at_all() -> None:
    addresses = [(socket.AF_INET, (address, 443)) for address in ("10.0.0.1", METADATA)]
    to = Destination(purpose=Purpose.VSPHERE, host=NAME, port=443)
    with pytest.raises(DestinationRefused):
        connect_any(addresses, to=to, pause=lambda: 1.0, left=lambda: 1.0)


@pytest.mark.parametrize("transport", ["winrm_https", "winrm_http", "ssh"])
def test_a_target_machine_at_a_metadata_address_is_not_spoken_to(transport: Any) -> None:
    port = {"winrm_https": 5986, "winrm_http": 5985, "ssh": 22}[transport]
    found = probe_host(METADATA, port, transport, timeout_s=0.5)
    assert [(layer.status, layer.code) for layer in found.layers[:2]] == [
        ("pass", ""),
        ("fail", "destination_refused"),
    ]


def test_a_target_machine_is_not_knocked_at_on_the_port_of_a_database() -> None:
    found = probe_host("10.0.0.1", 5432, "winrm_https", timeout_s=0.5)
    assert found.layers[1].code == "destination_refused"
    assert "5985, 5986" in str(found.layers[1].detail)


def test_preflight_asks_no_server_that_it_must_not_connect_to(allow: Callable[[Rules], None]) -> None:
    deadline = Deadline(1.0)
    attempts: list[Callable[[], object]] = [
        lambda: tcp.connect(METADATA, 443),
        lambda: tcp.connect("127.0.0.1", 443),
        lambda: ntp.offset(METADATA),
        lambda: dns_probe.resolve("vc.example.net", (METADATA,), timeout_s=1.0),
        lambda: proxies.open_socket(
            proxies.parse("http://10.0.0.1:25"),
            tcp.Spot(addresses=("10.0.0.1",), port=25, detour=False),
            deadline,
        ),
    ]
    for attempt in attempts:
        with pytest.raises(ProbeError) as caught:
            attempt()
        assert caught.value.kind == "destination_refused"
        assert caught.value.remedy


def test_preflight_connects_to_the_address_that_the_named_dns_server_gives_only_if_it_may() -> None:
    with Turncoat(honest=0) as names:
        names.add(NAME, METADATA)
        book = AddressBook.parse(f"192.0.2.53:53:127.0.0.1:{names.port}")
        with pytest.raises(ProbeError) as caught:
            tcp.connect(NAME, 443, book, 1.0, dns_servers=("192.0.2.53",))
    assert caught.value.kind == "destination_refused"
    assert METADATA in str(caught.value)


@pytest.mark.parametrize(
    "location",
    [f"http://{METADATA}/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://10.0.0.1:6379/"],
)
def test_a_download_does_not_follow_where_this_server_would_not_go(
    location: str, tmp_path: Path, allow: Callable[[Rules], None]
) -> None:
    allow(Rules(loopback=True))
    with web.serving({"/template.ova": web.redirect(location)}) as port:
        error = refused_download(f"http://127.0.0.1:{port}/template.ova", tmp_path)
    assert (error.code, error.step) == ("destination_refused", "tcp")
    assert list(tmp_path.iterdir()) == []


def test_a_download_through_a_proxy_judges_the_proxy(tmp_path: Path) -> None:
    error = refused_download("https://downloads.example.net/a.ova", tmp_path, proxy=f"http://{METADATA}:3128")
    assert (error.code, error.step) == ("destination_refused", "proxy")


def refused_download(url: str, folder: Path, **options: Any) -> DownloadFailed:
    with pytest.raises(DownloadFailed) as caught:
        download(
            url,
            hashlib.sha256(b"").hexdigest(),
            folder / "template.ova",
            on_progress=lambda _done, _total: None,
            should_stop=lambda: False,
            timeout_s=2.0,
            **options,
        )
    return caught.value
