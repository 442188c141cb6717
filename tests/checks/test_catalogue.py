from __future__ import annotations

import re

import pytest

from wizard.checks import catalogue
from wizard.checks.catalogue import PROFILES, CatalogueError, load, read
from wizard.checks.endpoints import all_endpoints, endpoints
from wizard.checks.requirement import CLOUDS

ROW = """
[[requirement]]
id = "X-01"
title = "A title"
why = "A reason."
category = "placement"
profiles = ["asr-classic"]
components = ["cs"]
owner = "vsphere"
judge = "vm_name_free"
facts = ["placement.vm_name_taken"]
remedy = "A remedy."
source = "a.md"
source_date = "2023-12"
link = "https://learn.microsoft.com/azure/site-recovery/a"
"""

# Includes have no page of their own, and the text of 2016 is gone: the page that shows the rule today.
SHOWN_ON = {
    "site-recovery-configuration-and-scaleout-process-server-requirements.md": (
        "vmware-azure-configuration-server-requirements"
    ),
    "site-recovery-URLS.md": "vmware-physical-azure-troubleshoot-process-server",
}
OTHER_PUBLISHERS = {"Broadcom KB 322346": "https://knowledge.broadcom.com/external/article/322346"}
GONE = {"site-recovery-vmware-to-azure-classic.md"}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_row_says_where_it_comes_from_and_links_to_that_page(profile: str):
    for row in load(profile):
        if row.source in OTHER_PUBLISHERS:
            assert row.link == OTHER_PUBLISHERS[row.source]
            continue
        assert re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", row.source_date), row.id
        section = "migrate" if row.source.startswith("migrate-") else "site-recovery"
        assert row.link.startswith(f"https://learn.microsoft.com/azure/{section}/"), row.id
        if row.source not in GONE:
            page = SHOWN_ON.get(row.source, row.source.removesuffix(".md"))
            assert row.link.rsplit("/", 1)[1] == page, row.id


@pytest.mark.parametrize("profile", PROFILES)
def test_every_row_is_written_in_whole_sentences(profile: str):
    for row in load(profile):
        for text in (row.why, row.remedy):
            assert str(text).endswith("."), row.id
        assert not str(row.title).endswith("."), row.id
        assert len(row.id) <= 32


def test_the_classic_catalogue_holds_the_rows_that_can_be_judged_before_the_machine_exists():
    expected = {
        *("HW-01", "HW-02", "HW-03", "HW-04", "HW-06", "HW-09", "HW-10", "MT-07", "OS-08", "SW-09"),
        *("NET-01", "NET-02", "NET-03", "NET-05", "NET-11", "NET-12", "TIME-01", "TIME-03", "PV-28"),
        *("PRX-01", "PRX-02", "PRX-05", "PRX-06", "LIFE-01", "PV-FULL", "PV-OVA", "VC-01", "VC-02"),
        *(f"URL-{number:02}" for number in range(1, 19)),
    }
    assert expected <= {row.id for row in load("asr-classic")}


def test_every_privilege_keeps_the_id_that_it_has_in_the_facts():
    rows = [load("asr-modernized").get(row_id) for row_id in ("PV-FULL", "PV-APP")]
    ids = {found for row in rows if row is not None for found in row.params["check_ids"].values()}
    assert ids == {f"PV-{number:02}" for number in range(1, 29)}


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_a_cloud_is_asked_for_its_own_addresses_alone(cloud: str):
    rows = load("asr-classic").select(method="ova", phase="before", cloud=cloud)
    asked = [row.id for row in rows if row.category == "urls"]
    listed = dict.fromkeys(endpoint.row for endpoint in endpoints("asr-classic", cloud, "ova"))
    assert asked == list(listed)


def test_the_manual_path_does_not_ask_for_what_the_template_needs():
    ids = {endpoint.id for endpoint in endpoints("asr-classic", "public", "manual")}
    assert "URL-01" in ids
    assert "URL-13" not in ids


def test_every_tried_host_lies_below_its_pattern():
    for endpoint in all_endpoints():
        if endpoint.example and endpoint.probe_host:
            assert endpoint.probe_host.endswith(endpoint.pattern.removeprefix("*")), endpoint.id
        elif not endpoint.example:
            assert endpoint.probe_host == endpoint.pattern


def test_endpoint_ids_are_unique():
    ids = [endpoint.id for endpoint in all_endpoints()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("profile", PROFILES)
def test_an_address_row_of_which_nothing_can_be_tried_is_a_question(profile: str):
    tried = {endpoint.row for endpoint in all_endpoints() if endpoint.probe_host}
    rows = [row for row in load(profile) if row.category == "urls"]
    assert {row.id for row in rows if row.kind == "probe"} == {row.id for row in rows} & tried
    asked = [row for row in rows if row.kind == "attested"]
    assert asked
    assert all(row.params["hosts"][0] in str(row.question) for row in asked)


@pytest.mark.parametrize(("cloud", "method"), [("moon", "ova"), ("public", "magic")])
def test_an_unknown_cloud_or_method_is_refused(cloud: str, method: str):
    with pytest.raises(ValueError, match="expected is one of"):
        endpoints("asr-classic", cloud, method)


def test_rows_are_selected_by_component():
    rows = load("asr-classic").select(components={"esxi"})
    assert rows
    assert {row.components for row in rows} == {("esxi",)}


def test_an_address_row_names_its_hosts_and_a_command_to_try():
    row = load("asr-classic").get("URL-17")
    assert row is not None
    assert str(row.title) == "Way open to *.accesscontrol.windows.net, *.store.core.windows.net"
    assert row.command == "Test-NetConnection accounts.accesscontrol.windows.net -Port 443"
    untried = load("asr-classic").get("URL-GOV-06")
    assert untried is not None
    assert untried.command is None


def test_left_out_fields_have_defaults_and_only_blocking_rows_cannot_be_waived():
    (row,) = read("asr-classic", ROW)
    assert (row.methods, row.phase, row.severity, row.waivable) == (
        ("ova", "manual"),
        "before",
        "block",
        False,
    )
    (warning,) = read("asr-classic", ROW + 'severity = "warn"\n')
    assert warning.waivable


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        (ROW + ROW, "X-01 is there twice"),
        (ROW.replace("vm_name_free", "nobody"), "X-01: there is no judge named nobody"),
        (ROW.replace('"vsphere"', '"janitor"'), "X-01: owner is janitor; expected is one of azure"),
        (ROW.replace('"placement"', '"poetry"'), "X-01: category is poetry"),
        (ROW.replace('"cs"', '"mainframe"'), "X-01: components is mainframe"),
        (ROW.replace('["cs"]', "[]"), "X-01: components is empty"),
        (ROW + 'when = ["raining"]\n', "X-01: when is raining"),
        (ROW + 'kind = "guessed"\n', "X-01: kind is guessed"),
        (ROW + 'question = "Is it so?"\n', "X-01: a question belongs to an attested row"),
        (ROW + 'kind = "attested"\n', "X-01: a question belongs to an attested row"),
        (ROW + 'unchecked = "It is far away."\n', "X-01: unchecked belongs to a listed row"),
        (ROW + 'kind = "listed"\nunchecked = "It is far away."\n', "X-01: a listed row has neither judge"),
        (ROW + '[[requirement.way]]\nid = "X-02"\n', "X-01: a way has no id of its own"),
        (ROW + 'severity = "huge"\n', "X-01: severity is huge"),
        (ROW + 'phase = "during"\n', "X-01: phase is during"),
        (ROW + 'methods = ["fax"]\n', "X-01: methods is fax"),
        (ROW + "methods = []\n", "X-01: methods is empty"),
        (ROW + 'clouds = ["moon"]\n', "X-01: clouds is moon"),
        (ROW.replace('["placement.vm_name_taken"]', "[]"), "X-01: facts is empty"),
        (ROW.replace('why = "A reason."', 'why = ""'), "X-01: why is empty"),
        (ROW.replace('why = "A reason."\n', ""), "X-01: 'why'"),
        (ROW.replace("https://", "http://"), "X-01: the link is not an https:// address"),
        (ROW + 'colour = "blue"\n', "X-01: .*colour"),
        (ROW + 'requires = ["X-99"]\n', "X-01 requires X-99, which does not exist"),
        (ROW + 'requires = ["X-01"]\n', "X-01 -> X-01 is a circle"),
        (
            ROW + 'requires = ["X-02"]\n' + ROW.replace("X-01", "X-02") + 'requires = ["X-01"]\n',
            "X-01 -> X-02 -> X-01 is a circle",
        ),
        ("[[requirement]\n", "asr-classic: "),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused_and_names_the_row(toml: str, words: str):
    with pytest.raises(CatalogueError, match=words):
        read("asr-classic", toml)


def test_an_unknown_profile_is_refused():
    with pytest.raises(CatalogueError, match="expected is one of asr-classic, asr-modernized"):
        load("asr-imaginary")


def test_translators_get_every_sentence_once():
    found = catalogue.sentences()
    assert len(found) == len(set(found))
    assert "Way open to %(hosts)s" in found
    assert "Transfers replication data and coordinates the transfer." in found
    assert "At least 8 virtual processors" in found
    for profile in PROFILES:
        for row in load(profile):
            assert {row.title.template, row.why.template, row.remedy.template} <= set(found)


def test_what_an_appliance_is_judged_by_does_not_speak_of_a_configuration_server():
    allowed = {"AZ-08", "TPL-03"}  # the other architecture is what these are about
    texts = {
        (row.id, str(text))
        for row in load("asr-modernized")
        for text in (row.title, row.why, row.remedy, row.question, row.unchecked)
        if text and row.id not in allowed
    }
    assert [found for found in texts if "configuration server" in found[1].lower()] == []
