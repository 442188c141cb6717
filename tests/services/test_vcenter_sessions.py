"""One process, one account, one session: and what ends it."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection, transaction

from tests.services.conftest import Begin, settled
from tests.walk import Walk
from wizard.models import Credential, SignInAccount
from wizard.services import deployments, vcenter_access
from wizard.services.errors import Conflict
from wizard.services.facts.vcenter_visit import VCenterVisit
from wizard.services.login_budget import one_login
from wizard.services.vcenter_access import fresh_session, open_session
from wizard.text import Text
from wizard.vsphere.errors import CertificateChanged, ConnectionLost, InvalidLogin

pytestmark = pytest.mark.vcenter

USER = "asr-operator@vsphere.local"


@pytest.fixture
def answers(walk: Walk) -> dict[str, Any]:
    """Of a vCenter step that nobody has proven yet."""
    walk.to("capacity").trust()
    return deployments.answers_of(walk.deployment)["vcenter"]


def attempts(walk: Walk) -> int:
    return sum(counts["attempts"] for counts in walk.control.logins().values())


def change_the_password_at_vcenter(walk: Walk) -> None:
    """As far as this side can tell: the next login is refused. Only that one, so that one too many would go well."""
    walk.control.add_fault("Login", "InvalidLogin", count=1)


def test_tasks_of_all_deployments_with_one_account_share_a_session(begin: Begin) -> None:
    first, second = begin("first").to("placement"), begin("second").to("capacity")
    second.answer("vcenter", **second.address, credential=first.credential)
    with open_session(deployments.answers_of(second.deployment)["vcenter"], second.deployment) as shared:
        first.make_template()
        first.to("checked")
        assert [row["key"] for row in first.control.sessions()] == [shared.key]
    assert attempts(first) == 1


def test_a_task_that_asks_whether_the_password_is_right_signs_in(begin: Begin) -> None:
    walk = begin(on_foot=True).to("vcenter")
    assert attempts(walk) == 1
    walk.done("sign_in_vcenter")
    assert attempts(walk) == 2
    assert len(walk.control.sessions()) == 1, "the one before is closed"
    change_the_password_at_vcenter(walk)
    assert walk.failed("sign_in_vcenter").code == "invalid_login"
    assert walk.standing == "rejected"
    assert walk.control.sessions() == []


def test_a_password_that_is_entered_anew_ends_the_session_of_the_old_one(
    walk: Walk, answers: dict[str, Any]
) -> None:
    with open_session(answers, walk.deployment) as old:
        walk.enter_password()
        with open_session(answers, walk.deployment) as new:
            assert new is not old
            assert len(walk.control.sessions()) == 2, "whoever works in the old one may end that work"
        assert old.server_time()
    assert [row["key"] for row in walk.control.sessions()] == [new.key]
    assert attempts(walk) == 2


def test_another_user_ends_the_session_of_the_first(walk: Walk, answers: dict[str, Any]) -> None:
    with open_session(answers, walk.deployment):
        pass
    walk.enter_password("asr-readonly")
    with open_session(answers, walk.deployment) as session:
        assert [row["user"] for row in walk.control.sessions()] == [session.user_name]
    assert session.account_name == walk.vcenter.account("asr-readonly").username


def test_another_certificate_is_not_covered_by_an_open_session(walk: Walk, answers: dict[str, Any]) -> None:
    with open_session(answers, walk.deployment):
        pass
    other = walk.vcenter.other_certificate()
    with (
        pytest.raises(CertificateChanged),
        open_session({**answers, "thumbprint_sha256": other.sha256}, walk.deployment),
    ):
        pytest.fail("lent")
    assert walk.control.sessions() == [], "nobody trusts the certificate of the old session any more"
    assert attempts(walk) == 1


def test_a_session_that_vcenter_ended_goes_on_with_one_login(walk: Walk, answers: dict[str, Any]) -> None:
    with open_session(answers, walk.deployment) as session:
        walk.control.expire_sessions()
        assert session.server_time()
        assert session.renewals == 1
    assert (attempts(walk), walk.standing) == (2, "accepted")


def test_a_stored_password_that_is_no_longer_right_is_sent_once_by_all_together(
    walk: Walk, answers: dict[str, Any]
) -> None:
    """Several threads of a worker in the middle of their work, when the session ends after a change of the password."""
    errors: list[BaseException] = []
    with ExitStack() as stack:
        sessions = [stack.enter_context(open_session(answers, walk.deployment)) for _borrower in range(4)]
        walk.control.expire_sessions()
        change_the_password_at_vcenter(walk)

        def work(number: int) -> None:
            try:
                sessions[number].server_time()
            except (InvalidLogin, ConnectionLost) as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(type(error).__name__ for error in errors) == ["ConnectionLost"] * 3 + ["InvalidLogin"]
    assert walk.standing == "rejected"
    assert SignInAccount.objects.get().failed_in_a_row == 1
    with pytest.raises(Conflict) as refused, open_session(answers, walk.deployment):
        pytest.fail("lent")
    assert refused.value.code == "credential_rejected"
    assert attempts(walk) == 1


def test_tasks_that_wait_for_a_login_that_is_refused_do_not_send_the_password_again(
    walk: Walk, answers: dict[str, Any]
) -> None:
    change_the_password_at_vcenter(walk)
    walk.control.add_delay("Login", 200)
    outcomes: list[str] = []

    def work() -> None:
        try:
            with fresh_session(answers, walk.deployment):
                outcomes.append("lent")
        except (InvalidLogin, Conflict) as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["credential_rejected", "credential_rejected", "invalid_login"]
    assert attempts(walk) == 0


def test_a_password_that_another_worker_finds_refused_meanwhile_is_not_sent(
    walk: Walk, answers: dict[str, Any]
) -> None:
    codes: list[str] = []

    def work() -> None:
        try:
            with open_session(answers, walk.deployment):
                codes.append("lent")
        except Conflict as error:
            codes.append(error.code)
        finally:
            connection.close()

    thread = threading.Thread(target=work)

    def meanwhile() -> None:
        with one_login(answers["host"], answers["port"], USER):
            thread.start()
            assert settled(lambda: bool(vcenter_access._pool.known())), "it is on its way to sign in"
            Credential.objects.update(standing=Credential.Standing.REJECTED)
            raise InvalidLogin(Text("Refused elsewhere."), step="login")

    with pytest.raises(InvalidLogin):
        meanwhile()
    thread.join()
    assert codes == ["credential_rejected"]
    assert attempts(walk) == 0


def test_nobody_signs_in_again_with_a_password_that_was_not_accepted_yet(
    walk: Walk, answers: dict[str, Any]
) -> None:
    with open_session(answers, walk.deployment) as session:
        walk.enter_password()
        walk.control.expire_sessions()
        with pytest.raises(ConnectionLost, match=r"nobody signs in again: The account .* was entered anew"):
            session.server_time()
    assert (attempts(walk), walk.standing) == (1, "untried")
    with open_session(answers, walk.deployment) as session:
        assert session.server_time()


def test_a_rejected_password_is_not_sent_for_a_session_that_has_ended(
    walk: Walk, answers: dict[str, Any]
) -> None:
    with open_session(answers, walk.deployment) as session:
        Credential.objects.update(standing=Credential.Standing.REJECTED)
        walk.control.expire_sessions()
        with pytest.raises(ConnectionLost, match="refused before; it is not sent again") as lost:
            session.server_time()
    assert "Enter the password anew" in str(lost.value.remedy)
    assert attempts(walk) == 1


def test_nobody_signs_in_again_where_the_count_could_be_taken_back(
    walk: Walk, answers: dict[str, Any]
) -> None:
    with open_session(answers, walk.deployment) as session:
        walk.control.expire_sessions()
        with transaction.atomic(), pytest.raises(ConnectionLost, match="nobody signs in again"):
            session.server_time()
        assert attempts(walk) == 1
        assert session.server_time()


def test_a_check_that_was_given_up_while_it_signed_in_gives_the_session_back(
    walk: Walk, answers: dict[str, Any]
) -> None:
    with ExitStack() as stack:
        visit = VCenterVisit({"vcenter": answers}, walk.deployment, stack, None)
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(visit.sign_in({})))
    thread.start()
    thread.join()
    assert found == [{"vcenter.signed_in": True}]
    assert attempts(walk) == 1
    for key in vcenter_access._pool.known():
        vcenter_access._pool.forget(key)
    assert walk.control.sessions() == [], "nobody has it any more"


def test_a_thread_that_signed_in_again_leaves_no_database_connection(
    walk: Walk, answers: dict[str, Any]
) -> None:
    seen: list[object] = []
    with open_session(answers, walk.deployment) as session:
        walk.control.expire_sessions()

        def work() -> None:
            session.server_time()
            seen.append(connection.connection)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert (seen, session.renewals) == ([None], 1)
