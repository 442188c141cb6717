from __future__ import annotations

from django import forms
from django.http import QueryDict

from wizard.journey.capacity import CapacityAnswers
from wizard.journey.errors import FieldError
from wizard.journey.network import NetworkAnswers
from wizard.journey.source import SourceAnswers
from wizard.journey.template import TemplateAnswers
from wizard.journey.vault import VaultAnswers
from wizard.text import Text
from wizard.web.forms import Shown, collect, options_of, step_form


def wrong(path: str) -> FieldError:
    return FieldError(path=path, message=Text(f"wrong at {path}"), code="wrong")


def test_every_field_of_a_step_is_asked_with_its_declared_title_and_help() -> None:
    form = step_form(NetworkAnswers, {})
    assert list(form.fields) == list(NetworkAnswers.model_fields)
    for name, info in NetworkAnswers.model_fields.items():
        assert form.fields[name].label == info.title
        assert form.fields[name].help_text == (info.description or "")


def test_defaults_are_in_the_form_until_something_is_answered() -> None:
    assert step_form(NetworkAnswers, {})["data_port"].value() == 9443
    assert step_form(NetworkAnswers, {"data_port": "9444"})["data_port"].value() == "9444"
    assert step_form(NetworkAnswers, {"ntp": []})["ntp"].value() == ""


def test_an_emptied_field_is_not_filled_with_its_default_again() -> None:
    assert step_form(NetworkAnswers, {"data_port": ""})["data_port"].value() == ""


def test_whole_numbers_are_shown_without_decimals() -> None:
    assert step_form(CapacityAnswers, {"daily_change_gb": 700.0})["daily_change_gb"].value() == "700"
    assert step_form(CapacityAnswers, {"daily_change_gb": 0.5})["daily_change_gb"].value() == 0.5


def test_what_is_typed_comes_back_field_by_field() -> None:
    typed = QueryDict("machines=12&daily_change_gb=abc&failback=on&strange=1&csrfmiddlewaretoken=x")
    assert collect(CapacityAnswers, typed) == {
        "machines": "12",
        "daily_change_gb": "abc",
        "failback": True,
        "linux_failback": False,
    }


def test_an_unticked_box_is_a_no_and_several_ticks_are_a_list() -> None:
    assert collect(CapacityAnswers, QueryDict(""))["failback"] is False
    typed = QueryDict("protects=vmware&protects=physical&method=ova")
    assert collect(SourceAnswers, typed) == {"protects": ["vmware", "physical"], "method": "ova"}
    assert collect(SourceAnswers, QueryDict(""))["protects"] == []


def test_names_and_values_are_collected_by_their_dotted_names() -> None:
    typed = QueryDict(mutable=True)
    typed.update({"networks.VM Network 2": "dvs/prod", "networks.": "x", "properties.a.b": "1"})
    found = collect(TemplateAnswers, typed, only=("networks", "properties"))
    assert found == {"networks": {"VM Network 2": "dvs/prod", "": "x"}, "properties": {"a.b": "1"}}


def test_an_error_deep_in_an_answer_stands_at_the_nearest_field() -> None:
    extra = {"networks.VM Network": Shown(label="VM Network")}
    form = step_form(
        TemplateAnswers,
        {},
        [wrong("networks.VM Network"), wrong("networks.Other"), wrong("accept_license"), wrong("sha256")],
        only=("accept_license",),
        extra=extra,
    )
    assert form["networks.VM Network"].errors == ["wrong at networks.VM Network"]
    assert form["accept_license"].errors == ["wrong at accept_license"]
    assert form.non_field_errors() == ["wrong at networks.Other", "wrong at sha256"]


def test_an_error_of_a_list_entry_stands_at_the_list() -> None:
    form = step_form(NetworkAnswers, {"dns": "192.0.2.2, nonsense"}, [wrong("dns.1")])
    assert form["dns"].errors == ["wrong at dns.1"]
    assert form["dns"].value() == "192.0.2.2, nonsense"


def test_an_id_can_be_linked_to_whatever_the_field_is_called() -> None:
    extra = {"networks.VM Network/№ 1": Shown(label="odd")}
    form = step_form(TemplateAnswers, {}, only=(), extra=extra)
    assert form["networks.VM Network/№ 1"].auto_id == "id_networks_VM_Network___1"


def test_a_choice_that_cannot_be_made_carries_its_reason() -> None:
    options = {
        option.value: option for option in options_of(VaultAnswers, "cloud", unusable={"china": "closed"})
    }
    assert (options["china"].usable, options["china"].reason) == (False, "closed")
    assert options["public"].usable


def test_a_password_is_never_written_into_a_form() -> None:
    shown = step_form(
        TemplateAnswers,
        {"pin": "canary"},
        only=(),
        extra={"pin": Shown(label="PIN", widget=forms.PasswordInput())},
    )
    assert "canary" not in str(shown["pin"])
