from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning.eligibility import Surroundings, judge
from wizard.planning.eligibility.physical_server import PhysicalServer, read_server
from wizard.planning.eligibility.physical_servers import (
    BYTES_MOST,
    COLUMNS,
    ROWS_MOST,
    CsvFault,
    read_csv,
    template,
)

HEADER = "name,address,operating system,firmware,disks GB"
FS01 = PhysicalServer(
    name="fs01",
    address="192.0.2.10",
    operating_system="Windows Server 2019",
    firmware="bios",
    disks_gb=(120.0, 500.5),
)


def a_file(*rows: str, header: str = HEADER) -> str:
    return "\r\n".join([header, *rows, ""])


def places(faults: list[CsvFault]) -> list[tuple[int, str]]:
    return [(fault.row, fault.column) for fault in faults]


def only_fault(content: str | bytes) -> CsvFault:
    _servers, faults = read_csv(content)
    (fault,) = faults
    return fault


def test_the_template_is_a_file_that_can_be_read() -> None:
    servers, faults = read_csv(template())
    assert faults == []
    assert [server.name for server in servers] == ["fileserver01"]
    assert template().splitlines()[0] == HEADER
    assert all(column.meaning.endswith(".") for column in COLUMNS.values())


@pytest.mark.parametrize(
    "content",
    [
        a_file("fs01,192.0.2.10,Windows Server 2019,bios,120 500.5"),
        a_file(
            "fs01;192.0.2.10;Windows Server 2019;bios;120 500.5",
            header="name;address;operating system;firmware;disks GB",
        ),
        a_file(
            "fs01\t192.0.2.10\tWindows Server 2019\tBIOS\t120 500.5",
            header="name\taddress\toperating system\tfirmware\tdisks GB",
        ),
        "\ufeff" + a_file(' fs01 ,"192.0.2.10",Windows Server 2019,bios,"120  500.5"'),
        a_file(
            "120 500.5,bios,Windows Server 2019,192.0.2.10,fs01",
            header="Disks_GB,FIRMWARE,Operating System,Address,Name",
        ),
        a_file("", ",,,,", "fs01,192.0.2.10,Windows Server 2019,bios,120 500.5,,", header=HEADER + ",,"),
        a_file("fs01,192.0.2.10,Windows Server 2019,bios,120 500.5").replace("\r\n", "\n"),
    ],
)
def test_what_spreadsheets_write_is_read(content: str) -> None:
    assert read_csv(content) == ([FS01], [])
    assert read_csv(content.encode()) == ([FS01], [])


def test_a_file_without_a_server_says_so() -> None:
    fault = only_fault(a_file("", ",,,,"))
    assert (fault.row, fault.column) == (0, "")
    assert "no server" in str(fault.text)


def test_firmware_and_disks_need_not_be_told() -> None:
    servers, faults = read_csv(
        a_file("fs01,fs01.Lab.test.,", "fs02,10.0.0.2", header="name,address,operating system")
    )
    assert faults == []
    assert servers[0] == PhysicalServer(
        name="fs01", address="fs01.lab.test", operating_system="", firmware="", disks_gb=()
    )
    assert servers[1].address == "10.0.0.2"


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("name,address", "no column operating system"),
        ("address,operating system,disks GB", "no column name"),
        (HEADER + ",colour", "“colour” is not known"),
        (HEADER + ",Name", "“Name” is there twice"),
        ("", "no column name, address, operating system"),
    ],
)
def test_a_wrong_header_is_refused_with_what_is_expected(header: str, part: str) -> None:
    servers, faults = read_csv(a_file("fs01,192.0.2.10,x", header=header))
    assert servers == []
    assert {fault.row for fault in faults} == {1}
    assert part in str(faults[0].text)


def test_every_unknown_column_is_named() -> None:
    _servers, faults = read_csv(a_file(header=HEADER + ",owner,colour"))
    assert places(faults) == [(1, "owner"), (1, "colour")]
    assert "expected are: name, address, operating system, firmware, disks GB" in str(faults[0].text)


def test_an_empty_file_has_no_header() -> None:
    assert places(read_csv("")[1]) == [(1, "")]


@pytest.mark.parametrize(
    ("row", "column", "part"),
    [
        (",192.0.2.1,x,,", "name", "Nothing is given; expected: The name of the server"),
        ("fs02,,x,,", "address", "Nothing is given"),
        ("a\x07b,192.0.2.1,x,,", "name", "on one line"),
        ("a" * 256 + ",192.0.2.1,x,,", "name", "at most 255 characters"),
        ("fs02,192.0.2.256,x,,", "address", "not an IPv4 address; expected four numbers"),
        ("fs02,192.0.2,x,,", "address", "not an IPv4 address"),
        ("fs02,2001:db8::1,x,,", "address", "does not support IPv6"),
        ("fs02,fs 02,x,,", "address", "is not a DNS name"),
        ("fs02,192.0.2.1," + "x" * 256 + ",,", "operating system", "at most 255 characters"),
        ("fs02,192.0.2.1,x,openboot,", "firmware", "expected bios, efi or efi secure boot"),
        ("fs02,192.0.2.1,x,,0", "disks GB", "“0” is no size of a disk"),
        ("fs02,192.0.2.1,x,,-5", "disks GB", "“-5” is no size"),
        ('fs02,192.0.2.1,x,,"100,5"', "disks GB", "“100,5” is no size"),
        ("fs02,192.0.2.1,x,,100 GB", "disks GB", "“GB” is no size"),
        ("fs02,192.0.2.1,x,,1048577", "disks GB", "“1048577” is no size"),
        ("fs02,192.0.2.1,x,,1e3", "disks GB", "“1e3” is no size"),
        ("fs02,192.0.2.1,x,," + "1 " * 257, "disks GB", "257 disks are given; expected at most 256"),
        ("fs02,192.0.2.1,x,,,more", "", "6 cells; expected 5"),
    ],
)
def test_a_fault_is_told_with_row_and_column(row: str, column: str, part: str) -> None:
    servers, faults = read_csv(
        a_file("fs01,192.0.2.10,Windows Server 2019,bios,120 500.5", "", row, "fs03,192.0.2.3,,,1048576")
    )
    assert [server.name for server in servers] == ["fs01", "fs03"]
    assert places(faults) == [(4, column)]
    assert part in str(faults[0].text)


def test_every_fault_of_a_row_is_told() -> None:
    _servers, faults = read_csv(a_file(",x y,,what,none"))
    assert places(faults) == [(2, "name"), (2, "address"), (2, "firmware"), (2, "disks GB")]


def test_names_and_addresses_stand_once_in_a_file() -> None:
    servers, faults = read_csv(
        a_file("fs01,192.0.2.1,,,", "FS01,192.0.2.2,,,", "fs03,192.0.2.1,,,", "fs04,192.0.2.4,,,")
    )
    assert [server.name for server in servers] == ["fs01", "fs04"]
    assert places(faults) == [(3, "name"), (4, "address")]
    assert str(faults[0].text) == "“FS01” stands in row 2 already; expected once in the file."


def test_two_servers_may_have_the_same_system() -> None:
    servers, faults = read_csv(
        a_file("fs01,192.0.2.1,Windows Server 2019,bios,5", "fs02,192.0.2.2,Windows Server 2019,bios,5")
    )
    assert (len(servers), faults) == (2, [])


def test_a_quote_that_is_not_closed_ends_the_reading() -> None:
    servers, faults = read_csv(a_file("fs01,192.0.2.1,,,", '"fs02,192.0.2.2,,,'))
    assert [server.name for server in servers] == ["fs01"]
    assert places(faults) == [(3, "")]
    assert "cannot be read" in str(faults[0].text)


def test_a_broken_header_is_one_fault() -> None:
    fault = only_fault('"name,address')
    assert fault.row == 1
    assert "cannot be read" in str(fault.text)


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    fault = only_fault(a_file("büro,192.0.2.1,,,").encode("latin-1"))
    assert fault.row == 0
    assert str(fault.text).startswith(f"Byte {len(HEADER) + 4} is not UTF-8")


@pytest.mark.parametrize("as_bytes", [True, False])
def test_a_file_of_more_than_a_megabyte_is_refused(as_bytes: bool) -> None:
    base = a_file("fs01,192.0.2.1,,,")
    line = " " * 99_999 + "\n"
    fits = base + line * 9
    fits += " " * (BYTES_MOST - len(fits))
    assert len(read_csv(fits.encode() if as_bytes else fits)[0]) == 1
    large = fits + " "
    fault = only_fault(large.encode() if as_bytes else large)
    assert str(fault.text) == "The file has 1000001 bytes; expected at most 1000000."


def test_the_size_of_a_text_is_counted_in_bytes() -> None:
    assert only_fault("ü" * (BYTES_MOST // 2 + 1)).row == 0


def test_at_most_five_thousand_servers_are_read() -> None:
    rows = [f"s{number},10.0.{number // 250}.{number % 250},,," for number in range(ROWS_MOST + 1)]
    servers, faults = read_csv(a_file(*rows[:-1]))
    assert (len(servers), faults) == (5000, [])
    servers, faults = read_csv(a_file(*rows))
    assert len(servers) == 5000
    assert places(faults) == [(5002, "")]


def test_reading_ends_after_a_hundred_faults() -> None:
    _servers, faults = read_csv(a_file(*["x,,,,"] * 300))
    assert len(faults) <= 103
    assert (faults[-1].row, faults[-1].column) == (0, "")
    _servers, faults = read_csv(a_file(header="name," + "x," * 300))
    assert len(faults) == 100


@pytest.mark.parametrize(
    ("written", "firmware", "secure_boot"),
    [
        ("", "", False),
        ("BIOS", "bios", False),
        ("uefi", "efi", False),
        ("EFI", "efi", False),
        ("UEFI  Secure Boot", "efi", True),
        ("efi secure boot", "efi", True),
    ],
)
def test_the_firmware_is_judged_like_that_of_a_virtual_machine(
    written: str, firmware: str, secure_boot: bool
) -> None:
    server, faults = read_server({"name": "fs01", "address": "fs01.lab.test", "firmware": written})
    assert faults == {}
    assert server is not None
    machine = server.as_machine()
    assert (machine.firmware, machine.secure_boot) == (firmware, secure_boot)
    assert (machine.host_name, machine.ip_addresses) == ("fs01.lab.test", ())


def test_a_server_is_judged_by_what_its_operator_told() -> None:
    assert FS01.as_machine().ip_addresses == ("192.0.2.10",)
    assert [disk.capacity_bytes for disk in FS01.as_machine().disks] == [120 * 2**30, 1001 * 2**29]
    assert judge(FS01.as_machine(), Surroundings()) == ()
    untold = PhysicalServer(name="fs02", address="x", operating_system="", firmware="", disks_gb=())
    assert [(finding.rule, finding.status) for finding in judge(untold.as_machine(), Surroundings())] == [
        ("SM-01", "unknown"),
        ("SM-02", "unknown"),
        ("SM-04", "unknown"),
        ("SM-07", "unknown"),
    ]


@given(
    st.one_of(
        st.text(max_size=300), st.text('nameadrsopting ym,;\t"\r\n', max_size=300), st.binary(max_size=300)
    )
)
def test_no_file_makes_the_reading_fail(content: str | bytes) -> None:
    servers, faults = read_csv(content)
    assert servers or faults
    for fault in faults:
        assert str(fault.text)


cells = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)


@given(st.lists(st.lists(cells, min_size=5, max_size=5), max_size=8), st.sampled_from(",;\t"))
def test_no_cell_makes_the_reading_fail(rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([column.heading for column in COLUMNS.values()])
    writer.writerows(rows)
    servers, faults = read_csv(out.getvalue())
    assert len(servers) + len({fault.row for fault in faults if fault.row}) <= len(rows)
    assert servers or faults
