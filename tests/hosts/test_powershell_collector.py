"""Collect-Facts.ps1 by its grammar: what it may call, what it reports, and that an order cannot break out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tree_sitter import Language, Node, Parser
from tree_sitter_powershell import language

from tests.hosts.signing import DEPLOYMENT, KEY, NONCE
from wizard.hosts.collector import CollectorOrder, Peer, powershell
from wizard.hosts.schema import WINDOWS
from wizard.wire.script_quoting import quote_powershell

READ_ONLY = {
    "Get-CimInstance",
    "Get-Command",
    "Get-Disk",
    "Get-ExecutionPolicy",
    "Get-Module",
    "Get-MpComputerStatus",
    "Get-MpPreference",
    "Get-NetTCPConnection",
    "Get-OBMachineSetting",
    "Get-Partition",
    "Get-Process",
    "Get-WindowsFeature",
    "ForEach-Object",
    "Join-Path",
    "New-Object",
    "Resolve-DnsName",
    "Sort-Object",
    "Start-Sleep",
    "Test-Path",
    "Where-Object",
    "Write-Output",
    "w32tm.exe",
}
"""All of them came with PowerShell 4 and Windows Server 2012 R2 or look for what is there, and change nothing."""

MADE = {
    "byte[]",
    "Microsoft.Web.Administration.ServerManager",
    "System.Collections.Specialized.OrderedDictionary",
    "System.Net.IPEndPoint",
    "System.Net.Security.SslStream",
    "System.Net.Sockets.TcpClient",
    "System.Net.Sockets.UdpClient",
    "System.Security.Cryptography.HMACSHA256",
    "System.Security.Cryptography.X509Certificates.X509Store",
    "System.Security.Principal.WindowsPrincipal",
    "System.Text.StringBuilder",
    "System.Text.UTF8Encoding",
}
"""What New-Object may make: objects in memory, connections, and readers of the machine."""

CHANGING = re.compile(
    r"\.(SetValue|DeleteValue|DeleteSubKey\w*|CreateSubKey|CommitChanges|Delete|Kill|Remove|Add|AppendAllText|"
    r"WriteAllBytes|WriteAllLines|Create\w*|Copy|Move|Invoke\w*|InvokeMethod|Start)\("
)

HOSTILE = [
    "it's",
    "''; exit; '",
    "$(exit 1)",
    "`n`$x",
    '"; exit; "',
    "two\nlines\r\n#>",
    "‘typographic’",  # PowerShell takes these for quotes
    "tab\tand \x1b[31m",
    "größe.example",
    "😀",
    "@{x=1}",
    "",
]

PARSER = Parser(Language(language()))


def order(**changes: Any) -> CollectorOrder:
    made: dict[str, Any] = {
        "nonce": NONCE,
        "key": KEY,
        "deployment": DEPLOYMENT,
        "component": "cs",
        "endpoints": (("login.microsoftonline.com", 443), ("time.windows.com", 443)),
        "peers": (
            Peer(name="vcenter", host="vc.example.net", port=443),
            Peer(name="esxi:esx01", host="esx01.example.net", port=902),
        ),
        "proxy": "http://proxy.example.net:3128",
        "time_servers": ("time.windows.com",),
    }
    return CollectorOrder(**{**made, **changes})


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def parsed(script: str) -> Node:
    tree = PARSER.parse(script.encode())
    faults = [
        (node.start_point, node.text) for node in nodes(tree.root_node) if node.is_error or node.is_missing
    ]
    assert faults == []
    return tree.root_node


def texts(root: Node, kind: str) -> list[str]:
    return [node.text.decode() for node in nodes(root) if node.type == kind and node.text is not None]


@pytest.fixture(scope="module")
def script() -> str:
    return powershell(order())


@pytest.fixture(scope="module")
def code(script: str) -> str:
    """The script without its comments, where words may stand that the code may not say."""
    return re.sub(r"(?m)^\s*#.*$", "", re.sub(r"(?s)<#.*?#>", "", script))


def test_it_follows_the_grammar_and_is_plain_ascii(script: str):
    parsed(script)
    assert script.isascii()
    assert "\r" not in script
    assert "#ORDER#" not in script


def test_it_calls_only_commands_that_change_nothing(script: str):
    root = parsed(script)
    own = set(texts(root, "function_name"))
    called = set(texts(root, "command_name"))
    assert called - own - READ_ONLY == set()
    assert READ_ONLY - called == set(), "the list allows more than is needed"


def test_a_number_that_windows_does_not_tell_is_no_zero(code: str):
    """What is null becomes 0 where it is cast: such a member of the workgroup would be no domain controller."""
    casts = re.findall(r"\[(?:long|double)\]\((Get-[A-Za-z]+)", code)
    assert set(casts) == {"Get-Field"}
    read = set(re.findall(r"\[(?:long|double)\]\$row\.(\w+)", code))
    assert read == {"PercentProcessorTime"}
    assert "$null -eq $row.PercentProcessorTime" in code


def test_it_calls_no_program_by_another_way(script: str):
    root = parsed(script)
    operators = set(texts(root, "command_invokation_operator"))
    assert operators <= {"&"}
    invoked = [
        node.text.decode()
        for node in nodes(root)
        if node.type == "command" and node.text is not None and node.text.startswith((b"&", b". "))
    ]
    assert set(invoked) == {"& $From"}


def test_it_makes_nothing_but_objects_in_memory(script: str):
    made = set(re.findall(r"New-Object ([\w.]+(?:\[\])?)", script))
    assert made == MADE


def test_it_writes_one_file_and_nothing_else(code: str):
    assert code.count("WriteAllText(") == 1
    assert [found.group() for found in CHANGING.finditer(code)] == []
    assert re.search(r"(?<![-=])>>?\s*[\w$'\"]", code) is None, "no redirection into a file"


@pytest.mark.parametrize(
    "newer",
    [
        r"(?m)^\s*(class|enum|using)\s",
        r"\?\?",
        r"\?\.",
        r"&&|\|\|",
        r"\$\w+ \? ",
        r"-EnumsAsStrings|-AsHashtable|-AsArray",
        r"Get-ComputerInfo|Get-TimeZone",
        r"::new\(",
        r"StartType",
    ],
)
def test_it_stays_with_powershell_4(code: str, newer: str):
    assert re.search(newer, code) is None


def test_it_speaks_no_language_of_people(code: str):
    """No command whose output is translated, and numbers and dates by the invariant culture alone."""
    assert "netsh" not in code
    assert "Get-Date" not in code
    for found in re.finditer(r"\.ToString\(([^)]*)\)", code):
        harmless = found.group(1) == "" or "$Invariant" in found.group(1) or "$head" in found.group(1)
        assert harmless, found.group()


def test_it_reports_every_key_of_the_schema_once_and_no_other(script: str):
    reported = re.findall(r"(?m)^Read-Fact(?:List)? '([^']+)'", script)
    assert sorted(reported) == sorted(WINDOWS)


def test_lists_stay_lists(script: str):
    """What the schema calls a list is read by the command that keeps a list of one."""
    listed = set(re.findall(r"(?m)^Read-FactList '([^']+)'", script))
    assert listed == {key for key, row in WINDOWS.items() if type(row.shape).__name__ == "ListOf"}


def test_the_order_stands_in_the_script(script: str):
    assert f"$Nonce = '{NONCE}'" in script
    assert f"$Key = '{KEY.hex()}'" in script
    assert f"$Deployment = '{DEPLOYMENT}'" in script
    assert "$Component = 'cs'" in script
    assert "$ProxyHost = 'proxy.example.net'\n$ProxyPort = 3128\n" in script
    assert "@{ host = 'login.microsoftonline.com'; port = 443 }" in script
    assert "@{ name = 'vcenter'; host = 'vc.example.net'; port = 443; tls = $true }" in script
    assert "@{ name = 'esxi:esx01'; host = 'esx01.example.net'; port = 902; tls = $false }" in script
    assert "$TimeServers = @(\n    'time.windows.com'\n)" in script


def test_an_empty_order_leaves_empty_lists():
    script = powershell(order(endpoints=(), peers=(), proxy=None, time_servers=()))
    parsed(script)
    assert (
        "$ProxyHost = ''\n$ProxyPort = 0\n$Endpoints = @(\n)\n$Peers = @(\n)\n$TimeServers = @(\n)" in script
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_stays_a_text(text: str, script: str):
    hostile = powershell(
        order(
            endpoints=((text, 443),),
            peers=(Peer(name=text, host=text, port=443),),
            time_servers=(text,),
        )
    )
    assert hostile.isascii()
    root = parsed(hostile)
    assert sorted(set(texts(root, "command_name"))) == sorted(set(texts(parsed(script), "command_name")))
    quoted = quote_powershell(text)
    assert hostile.count(quoted) >= 4
    assert value_of(quoted) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_quoted_text_is_one_expression_without_expansion(text: str):
    root = parsed(f"$x = {quote_powershell(text)}")
    assert texts(root, "command_name") == []
    assert texts(root, "expandable_string_literal") == []
    assert texts(root, "sub_expression") == []


def value_of(expression: str) -> str:
    """What PowerShell makes of verbatim strings and characters by number, joined by plus."""
    root = parsed(f"$x = {expression}")
    units = b""
    for part in re.finditer(r"'((?:[^']|'')*)'|\[char\](0x[0-9a-f]{4})", expression):
        if part.group(2):
            units += int(part.group(2), 16).to_bytes(2, "big")
        else:
            units += part.group(1).replace("''", "'").encode("utf-16-be")
    assert root.text is not None
    return units.decode("utf-16-be")


def test_credentials_of_a_proxy_stay_behind():
    script = powershell(order(proxy="http://operator:S3cret@proxy.example.net:3128"))
    assert "S3cret" not in script
    assert "operator" not in script
    assert "$ProxyHost = 'proxy.example.net'" in script


def test_the_key_is_not_shown_with_the_order():
    assert KEY.hex() not in repr(order())
    assert repr(KEY) not in repr(order())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"nonce": "x"}, "nonce"),
        ({"key": b"short"}, "key"),
        ({"deployment": "seven"}, "UUID"),
        ({"component": "c s"}, "component"),
        ({"endpoints": (("a", 0),)}, "0 is no TCP port"),
        ({"peers": (Peer(name="a", host="b", port=65536),)}, "65536 is no TCP port"),
        ({"time_servers": ("a\0b",)}, "NUL"),
        ({"proxy": "http://"}, "proxy"),
    ],
)
def test_an_unusable_order_is_refused(changes: dict[str, Any], why: str):
    with pytest.raises(ValueError, match=why):
        order(**changes)
