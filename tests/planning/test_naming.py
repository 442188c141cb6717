from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning import naming


def refusal(rule: object, value: str) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        rule(value)  # type: ignore[operator]
    return str(caught.value.args[0])


@pytest.mark.parametrize("name", ["cs01", "CS-01", "a", "0a", "a" * 15, "net", "cs--1"])
def test_a_fit_host_name_is_kept_as_it_is(name: str) -> None:
    assert naming.host_name(name) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "configuration-01",
            "“configuration-01” has 16 characters; Windows allows a host name of at most 15. Choose a "
            "shorter one.",
        ),
        (
            "cs01.lab.test",
            "“cs01.lab.test” contains a dot. Give the host name alone here, and the rest as the DNS suffix.",
        ),
        (
            "-cs01",
            "“-cs01” is not a host name. Use letters, digits and hyphens, with a letter or a digit at "
            "both ends.",
        ),
        (
            "cs01-",
            "“cs01-” is not a host name. Use letters, digits and hyphens, with a letter or a digit at "
            "both ends.",
        ),
        (
            "cs_01",
            "“cs_01” is not a host name. Use letters, digits and hyphens, with a letter or a digit at "
            "both ends.",
        ),
        (
            "café",
            "“café” is not a host name. Use letters, digits and hyphens, with a letter or a digit at "
            "both ends.",
        ),
        (
            "",
            "“” is not a host name. Use letters, digits and hyphens, with a letter or a digit at both ends.",
        ),
        ("20260330", "“20260330” consists of digits only, which Windows refuses. Add at least one letter."),
        ("Network", "“Network” is a word that Windows reserves for itself. Choose another host name."),
    ],
)
def test_an_unfit_host_name_is_refused_with_the_reason(name: str, message: str) -> None:
    assert refusal(naming.host_name, name) == message


@given(st.text(max_size=20))
def test_a_host_name_that_passes_is_a_dns_label_of_at_most_15_characters(name: str) -> None:
    try:
        passed = naming.host_name(name)
    except ValueError:
        return
    assert 1 <= len(passed) <= 15
    assert naming.dns_name(passed) == passed.lower()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("vcenter.lab.test", "vcenter.lab.test"),
        ("VCenter.Lab.Test.", "vcenter.lab.test"),
        ("localhost", "localhost"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("a" * 63 + ".test", "a" * 63 + ".test"),
    ],
)
def test_a_dns_name_is_stored_in_lower_case_without_the_last_dot(typed: str, name: str) -> None:
    assert naming.dns_name(typed) == name


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "-a.test", "a_b.test", "a b", "a" * 64, ".".join(["a" * 50] * 6)]
)
def test_what_is_no_dns_name_is_refused(name: str) -> None:
    assert refusal(naming.dns_name, name).endswith(
        "is not a DNS name. Use letters, digits and hyphens in parts of at most 63 characters, "
        "separated by dots, for example vcenter.example.net."
    )


def test_a_name_outside_ascii_is_wanted_in_its_dns_form() -> None:
    assert refusal(naming.dns_name, "bücher.example") == (
        "“bücher.example” contains characters outside ASCII. Give the name as DNS knows it (xn--…)."
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "The VM name has 0 characters; vSphere allows 1 to 80. Choose a shorter one."),
        ("x" * 81, "The VM name has 81 characters; vSphere allows 1 to 80. Choose a shorter one."),
        (
            "a/b%c\\d",
            "“a/b%c\\d” contains % / \\. A VM name has no slash, backslash, percent sign or control "
            "character.",
        ),
        (
            "a\tb",
            "“a b” contains U+0009. A VM name has no slash, backslash, percent sign or control character.",
        ),
    ],
)
def test_an_unfit_vm_name_is_refused_with_the_reason(name: str, message: str) -> None:
    assert refusal(naming.vm_name, name) == message


@pytest.mark.parametrize("name", ["lyon-cs01", "Lyon CS (01)", "x" * 80, "日本"])
def test_a_fit_vm_name_is_kept(name: str) -> None:
    assert naming.vm_name(name) == name


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", fullmatch=True))
def test_every_deployment_name_implies_a_vm_name_that_vsphere_takes(name: str) -> None:
    assert naming.vm_name(naming.vm_name_from(naming.deployment_name(name))) == name


def test_an_implied_vm_name_is_cut_and_cleaned() -> None:
    assert naming.vm_name_from("a/b" + "x" * 100) == "ab" + "x" * 78


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "x" * 64, "é"])
def test_an_unfit_deployment_name_is_refused(name: str) -> None:
    assert refusal(naming.deployment_name, name).endswith(
        "cannot be the name of a deployment. Use 1 to 63 letters, digits, dots, underscores or hyphens, "
        "and begin with a letter or a digit."
    )


@pytest.mark.parametrize("name", ["ab", "lyon-vault", "A" * 50])
def test_a_fit_vault_name_is_kept(name: str) -> None:
    assert naming.vault_name(name) == name


@pytest.mark.parametrize("name", ["", "a", "1vault", "-vault", "lyon_vault", "A" * 51, "väult"])
def test_an_unfit_vault_name_is_refused(name: str) -> None:
    assert refusal(naming.vault_name, name) == (
        f"“{name}” cannot be the name of a Recovery Services vault. Azure allows 2 to 50 letters, "
        "digits and hyphens, beginning with a letter."
    )


@pytest.mark.parametrize("name", ["rg-lyon-dr", "a", "(x)_y.z", "é" * 90])
def test_a_fit_resource_group_is_kept(name: str) -> None:
    assert naming.resource_group(name) == name


@pytest.mark.parametrize("name", ["", "rg.", "a b", "rg/1", "x" * 91])
def test_an_unfit_resource_group_is_refused(name: str) -> None:
    assert "cannot be the name of a resource group" in refusal(naming.resource_group, name)


@given(st.uuids())
def test_a_subscription_id_is_read_in_both_of_its_forms(identifier: UUID) -> None:
    assert naming.subscription_id(str(identifier).upper()) == str(identifier)
    assert naming.subscription_id(identifier.hex) == str(identifier)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "My subscription",
        "{00000000-0000-0000-0000-000000000001}",
        "urn:uuid:00000000-0000-0000-0000-000000000001",
        "0000-00000000-0000-0000-000000000001-0000",
    ],
)
def test_what_is_no_subscription_id_is_refused(value: str) -> None:
    assert refusal(naming.subscription_id, value).startswith(f"“{value}” is not a subscription id.")
