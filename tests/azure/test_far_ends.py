"""Answers that lead elsewhere, and answers that Azure does not give: the token stays where it belongs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.azure.far_end import Answer, FarEnd, Request, as_json, far_end
from wizard.azure import errors
from wizard.azure.account import Account
from wizard.azure.connection import Arm, connect
from wizard.azure.fabrics import refresh_provider
from wizard.azure.jobs import Job
from wizard.azure.vaults import VaultRef, list_subscriptions, list_vaults, read_vault
from wizard.azure.vcenters import delete_vcenter

REF = VaultRef(subscription="00000000-0000-4000-8000-000000000001", resource_group="rg", vault="v")


@contextmanager
def reaching(url: str) -> Iterator[Arm]:
    account = Account(how="emulator", cloud="public", resource_manager=url)
    with connect(account, REF.subscription, wait_s=lambda _seconds: None) as arm:
        yield arm


@pytest.fixture
def elsewhere() -> Iterator[FarEnd]:
    with far_end(lambda _request: as_json({"value": []})) as end:
        yield end


def asked(end: Answer) -> Any:
    return lambda _request: end


def test_a_next_page_at_another_address_gets_no_token(elsewhere: FarEnd) -> None:
    first = as_json({"value": [{"subscriptionId": "a"}], "nextLink": f"{elsewhere.url}subscriptions?p=2"})
    with (
        far_end(asked(first)) as end,
        reaching(end.url) as arm,
        pytest.raises(errors.NotAzure, match=f"points to 127.0.0.1:{elsewhere.port}"),
    ):
        list_subscriptions(arm)
    assert elsewhere.requests == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_address_gets_no_token(elsewhere: FarEnd, status: int) -> None:
    away = Answer(status=status, headers={"Location": f"{elsewhere.url}subscriptions"})
    with far_end(asked(away)) as end, reaching(end.url) as arm, pytest.raises(errors.NotAzure):
        list_subscriptions(arm)
    assert elsewhere.requests == []


def test_a_list_that_leads_back_to_itself_ends() -> None:
    def again(request: Request) -> Answer:
        return as_json({"value": [{"subscriptionId": "a"}], "nextLink": f"{end.url}subscriptions?p=2"})

    with far_end(again) as end, reaching(end.url) as arm, pytest.raises(errors.ServiceFailed):
        list_subscriptions(arm)
    assert len(end.requests) <= 3


@pytest.mark.parametrize(
    "body",
    [
        *(
            b'"text"',
            b"[]",
            b"7",
            b"null",
            b'{"value": "text"}',
            b'{"value": [1, 2]}',
            b'{"value": {"a": 1}}',
        ),
        *(b'{"value": null}', b"", b"\xff\xfe{"),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_json_that_is_no_list_of_resources_is_told_as_such(body: bytes, content_type: str) -> None:
    answer = Answer(body=body, headers={"Content-Type": content_type})
    with far_end(asked(answer)) as end, reaching(end.url) as arm, pytest.raises(errors.ServiceFailed) as told:
        list_vaults(arm)
    assert str(told.value.remedy)


@pytest.mark.parametrize("document", [{}, {"value": []}, {"value": [{"id": "/subscriptions/a"}]}])
def test_a_list_without_vaults_is_empty(document: dict[str, Any]) -> None:
    with far_end(asked(as_json(document))) as end, reaching(end.url) as arm:
        assert list_vaults(arm) == []


@pytest.mark.parametrize("body", [b'"text"', b"[]", b"null", b"7", b"", b"<html>", b"{"])
def test_what_is_no_vault_is_not_taken_for_one(body: bytes) -> None:
    answer = Answer(body=body, headers={"Content-Type": "application/json"})
    with (
        far_end(asked(answer)) as end,
        reaching(end.url) as arm,
        pytest.raises((errors.ServiceFailed, errors.NotAzure)),
    ):
        read_vault(arm, REF)


@pytest.mark.parametrize(
    ("headers", "job"),
    [
        ({"Azure-AsyncOperation": "http://far/x/replicationOperationStatus/job-1?api-version=1"}, "job-1"),
        ({"Location": "http://far/x/operationresults/job-2?api-version=1"}, "job-2"),
        ({"azure-asyncoperation": "http://far/x/job-3", "Location": "http://far/x/job-4"}, "job-3"),
    ],
)
def test_the_job_is_taken_from_either_header_and_nothing_is_polled(headers: dict[str, str], job: str) -> None:
    with far_end(asked(Answer(status=202, headers=headers))) as end, reaching(end.url) as arm:
        assert refresh_provider(arm, REF, "fabric", "provider") == Job(id=job)
    assert [request.method for request in end.requests] == ["POST"]


@pytest.mark.parametrize("headers", [{}, {"Location": ""}, {"Location": "http://far/x/%20..%2f"}])
def test_an_accepted_order_without_a_job_is_told(headers: dict[str, str]) -> None:
    with (
        far_end(asked(Answer(status=202, headers=headers))) as end,
        reaching(end.url) as arm,
        pytest.raises(errors.ServiceFailed, match="did not name the job"),
    ):
        refresh_provider(arm, REF, "fabric", "provider")


def test_a_page_in_answer_to_an_order_is_not_taken_for_done() -> None:
    page = Answer(body=b"<html>Sign in</html>", headers={"Content-Type": "text/html"})
    with far_end(asked(page)) as end, reaching(end.url) as arm, pytest.raises(errors.NotAzure):
        refresh_provider(arm, REF, "fabric", "provider")


def test_what_is_gone_already_is_done_at_once() -> None:
    with far_end(asked(Answer(status=204))) as end, reaching(end.url) as arm:
        assert delete_vcenter(arm, REF, "fabric", "vcenter") is None


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "NoRegisteredProviderFound", errors.Refused),
        (401, "InvalidAuthenticationTokenTenant", errors.WrongTenant),
        (403, "RequestDisallowedByPolicy", errors.NotPermitted),
        (403, "LinkedAuthorizationFailed", errors.NotPermitted),
        (404, "SubscriptionNotFound", errors.NotFound),
        (409, "ScopeLocked", errors.Busy),
        (412, "PreconditionFailed", errors.Refused),
        (409, "MissingSubscriptionRegistration", errors.NotRegistered),
        (409, "ReadOnlyDisabledSubscription", errors.Refused),
        (500, "Whatever", errors.ServiceFailed),
    ],
)
def test_the_codes_of_azure_have_words_of_their_own(
    status: int, code: str, kind: type[errors.AzureError]
) -> None:
    answer = as_json({"error": {"code": code, "message": "So it is."}}, status)
    with far_end(asked(answer)) as end, reaching(end.url) as arm, pytest.raises(kind) as told:
        read_vault(arm, REF)
    assert told.value.azure_code == code
    assert str(told.value)
    assert str(told.value.remedy)


def test_what_site_recovery_adds_to_its_errors_is_shown() -> None:
    details = [
        {"code": "1", "message": "m", "possibleCauses": "It is off.", "recommendedAction": "Switch it on."}
    ]
    answer = as_json({"error": {"code": "Bad", "message": "No.", "details": details}}, 400)
    with far_end(asked(answer)) as end, reaching(end.url) as arm, pytest.raises(errors.Refused) as told:
        read_vault(arm, REF)
    assert "It is off. Switch it on." in str(told.value)


def test_the_proxy_of_the_site_is_not_asked_for_an_emulator(
    elsewhere: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with far_end(asked(as_json({"value": []}))) as end, reaching(end.url) as arm:
        assert list_subscriptions(arm) == []
    assert len(end.requests) == 1
    assert elsewhere.requests == []


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with reaching(f"http://127.0.0.1:{port}/") as arm, pytest.raises(errors.Unreachable) as told:
        read_vault(arm, REF)
    assert "refused the connection" in str(told.value)
    assert told.value.address == f"127.0.0.1:{port}"
    assert told.value.step == "tcp"


def test_a_server_that_speaks_no_tls() -> None:
    with far_end(asked(Answer())) as end, reaching(end.url.replace("http:", "https:")) as arm:
        with pytest.raises(errors.TlsFailed) as told:
            read_vault(arm, REF)
        assert "not in TLS" in str(told.value)
