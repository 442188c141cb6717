"""Who may have whom told what, and what a webhook must be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import make_deployment
from tests.webhooks.conftest import SECRET, URL, Adding, send
from tests.webhooks.receiver import Receiver
from wizard.models import AuditEntry, Deployment, Operator, Team, Webhook, WebhookDelivery
from wizard.services import deployments
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound
from wizard.services.webhooks import registry
from wizard.services.webhooks.registry import WebhookWish

pytestmark = pytest.mark.django_db


def problems(adding: Any, *args: Any, **given: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        adding(*args, **given)
    return {error.path: error.code for error in caught.value.errors}


def wish(row: Webhook, **changes: Any) -> WebhookWish:
    kept = {"name": row.name, "url": row.url, "deployment": row.deployment_id, "team": row.team_id}
    return WebhookWish(**{**kept, "events": tuple(row.events), **changes})


def test_operators_have_one_of_their_deployments_told_and_administrators_anything(
    add: Adding,
    deployment: Deployment,
    operator: Operator,
    viewer: Operator,
    reviewer: Operator,
    admin: Operator,
) -> None:
    own = add(operator, deployment=deployment.pk)
    general = add(name="general")
    with pytest.raises(NotAllowed):
        add(operator, name="b")
    for person in (viewer, reviewer):
        with pytest.raises(NotAllowed):
            add(person, name="c", deployment=deployment.pk)
        assert not registry.visible_webhooks(person).exists()
        with pytest.raises(NotFound):
            registry.get(own.pk, actor=person)
    assert set(registry.visible_webhooks(operator)) == {own}
    assert set(registry.visible_webhooks(admin)) == {own, general}
    attempts: list[Any] = [
        lambda: registry.change(general, wish(general), actor=operator),
        lambda: registry.rotate_secret(general, actor=operator),
        lambda: registry.set_active(general, False, actor=operator),
        lambda: registry.ping(general, actor=operator),
        lambda: registry.delete(general, actor=operator),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()


def test_whoever_read_a_webhook_before_it_was_moved_or_deleted_does_nothing_to_it(
    add: Adding, deployment: Deployment, operator: Operator
) -> None:
    own = add(operator, deployment=deployment.pk)
    delivery = registry.ping(own, actor=operator)
    WebhookDelivery.objects.update(state=WebhookDelivery.State.FAILED)
    known = wish(own)

    def attempts() -> list[Any]:
        row = registry.get(own.pk, actor=operator)
        sent = WebhookDelivery.objects.select_related("webhook__deployment").get(pk=delivery.pk)
        return [
            lambda: registry.change(row, known, actor=operator),
            lambda: registry.rotate_secret(row, actor=operator),
            lambda: registry.set_active(row, False, actor=operator),
            lambda: registry.ping(row, actor=operator),
            lambda: registry.resend(sent, actor=operator),
            lambda: registry.delete(row, actor=operator),
        ]

    for number in range(len(attempts())):
        Webhook.objects.filter(pk=own.pk).update(deployment=deployment)
        attempt = attempts()[number]
        Webhook.objects.filter(pk=own.pk).update(deployment=None)
        with pytest.raises(NotAllowed):
            attempt()
    Webhook.objects.filter(pk=own.pk).update(deployment=deployment)
    left = attempts()
    Webhook.objects.filter(pk=own.pk).delete()
    for attempt in left:
        with pytest.raises(NotFound):
            attempt()


def test_a_deployment_of_another_team_cannot_be_listened_to(
    add: Adding, deployment: Deployment, operator: Operator
) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(team=Team.objects.create(name="Nantes"))
    assert problems(add, operator, deployment=deployment.pk) == {"deployment": "unknown"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": " "}, {"name": "missing"}),
        ({"name": "x" * 101}, {"name": "too_long"}),
        ({"secret": ""}, {"secret": "missing"}),
        ({"secret": "x" * 15}, {"secret": "length"}),
        ({"secret": "x" * 257}, {"secret": "length"}),
        ({"events": ("task.eaten",)}, {"events": "unknown"}),
        ({"url": ""}, {"url": "invalid_url"}),
        ({"url": "ftp://hooks.example.test/"}, {"url": "invalid_url"}),
        ({"url": "https://me:pw@hooks.example.test/"}, {"url": "invalid_url"}),
        ({"url": "https://hooks.example.test/#part"}, {"url": "invalid_url"}),
        ({"url": "https://hooks.example.test:0/"}, {"url": "invalid_url"}),
        ({"url": "https://hooks .example.test/"}, {"url": "invalid_url"}),
        ({"url": "https://hooks.example.test/" + "x" * 2000}, {"url": "too_long"}),
        ({"url": "https://169.254.169.254/latest"}, {"url": "destination_refused"}),
        ({"url": "https://[::ffff:a9fe:a9fe]/"}, {"url": "destination_refused"}),
        ({"url": "https://[fd00:ec2::254]/"}, {"url": "destination_refused"}),
        ({"url": "https://0.0.0.0/"}, {"url": "destination_refused"}),
        ({"url": "https://10.0.0.1:6379/"}, {"url": "destination_refused"}),
        ({"url": "http://10.0.0.1/"}, {"url": "destination_refused"}),
    ],
)
def test_what_cannot_be_a_webhook_is_said_at_its_field(
    add: Adding, given: dict[str, Any], expected: dict[str, str]
) -> None:
    assert problems(add, **given) == expected
    assert not Webhook.objects.exists()


def test_where_loopback_is_not_allowed_it_is_refused_when_it_is_saved(add: Adding, settings: Any) -> None:
    settings.ALLOW_LOOPBACK_TARGETS = False
    for url in (
        "https://127.0.0.1/",
        "https://[::1]/",
        "http://hooks.example.test/",
        "https://a.example:8443/",
    ):
        assert problems(add, url=url) == {"url": "destination_refused"}
    settings.WEBHOOK_PORTS = [80, 443, 8443]
    add(url="http://hooks.example.test/")
    add(name="b", url="https://a.example:8443/")


def test_a_name_is_given_once(add: Adding) -> None:
    add()
    assert problems(add) == {"name": "name_taken"}


def test_who_does_not_see_the_webhook_of_that_name_is_not_told_of_it(
    add: Adding, deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    add(name="all-of-lyon")
    with pytest.raises(Invalid) as seen:
        add(admin, name="all-of-lyon")
    with pytest.raises(Invalid) as refused:
        add(operator, name="all-of-lyon", deployment=deployment.pk)
    assert "“all-of-lyon” exists already" in str(seen.value.errors[0].message)
    (error,) = refused.value.errors
    assert (error.path, error.code) == ("name", "name_taken")
    assert str(error.message).startswith("This name cannot be used")


def test_a_secret_is_entered_again_where_another_receiver_is_meant(add: Adding, admin: Operator) -> None:
    row = add()
    registry.change(row, wish(row, url="https://hooks.example.test/another-path"), actor=admin)
    assert row.reveal() == SECRET
    with pytest.raises(Invalid) as caught:
        registry.change(row, wish(row, url="https://evil.example.test/"), actor=admin)
    assert [error.path for error in caught.value.errors] == ["secret"]
    registry.change(
        row, wish(row, url="https://new.example.test/", secret="another-long-secret"), actor=admin
    )
    row.refresh_from_db()
    assert row.reveal() == "another-long-secret"


def test_a_secret_of_another_receiver_is_not_kept_by_who_read_the_webhook_before_it_moved(
    add: Adding, admin: Operator
) -> None:
    row = add()
    read_before = registry.get(row.pk, actor=admin)
    moved = wish(row, url="https://other.example.net/", secret="another-secret-of-another")
    registry.change(row, moved, actor=admin)
    assert problems(registry.change, read_before, wish(read_before), actor=admin) == {"secret": "missing"}
    assert Webhook.objects.get().url == "https://other.example.net/"


def test_a_webhook_that_is_narrowed_to_one_deployment_forgets_what_it_told_of_others(
    add: Adding, deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    hidden = make_deployment(admin, "nantes-cs01")
    Deployment.objects.filter(pk=hidden.pk).update(team=Team.objects.create(name="Nantes"))
    hidden.refresh_from_db()
    row = add(name="general")
    for one in (deployment, hidden):
        deployments.rename(one, name=one.name + "-x", actor=admin)
    registry.ping(row, actor=admin)
    assert row.deliveries.count() == 3
    registry.change(row, wish(row, deployment=deployment.pk), actor=admin)
    seen = registry.deliveries_of(registry.get(row.pk, actor=operator))
    about = sorted(one.payload.get("deployment", {}).get("name", one.event) for one in seen)
    assert about == ["lyon-cs01-x", "ping"]


def test_whoever_changes_it_answers_for_it(
    add: Adding, deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    row = add(deployment=deployment.pk)
    assert row.created_by == admin
    registry.change(row, wish(row, name="ours"), actor=operator)
    row.refresh_from_db()
    assert (row.name, row.created_by) == ("ours", operator)


def test_what_is_done_is_in_the_audit_trail_without_secret_and_path(
    add: Adding, receiver: Receiver, deployment: Deployment, admin: Operator
) -> None:
    row = add(deployment=deployment.pk)
    registry.change(row, wish(row, secret="the-secret-canary-2"), actor=admin)
    registry.rotate_secret(row, actor=admin)
    delivery = registry.ping(row, actor=admin)
    send(row)
    delivery.refresh_from_db()
    registry.resend(delivery, actor=admin)
    registry.set_active(row, False, actor=admin)
    registry.set_active(row, True, actor=admin)
    registry.delete(row, actor=admin)
    entries = list(AuditEntry.objects.filter(action__startswith="webhook.").order_by("pk"))
    assert [entry.action for entry in entries] == [
        "webhook.added",
        "webhook.changed",
        "webhook.secret_changed",
        "webhook.secret_changed",
        "webhook.pinged",
        "webhook.resent",
        "webhook.paused",
        "webhook.resumed",
        "webhook.deleted",
    ]
    assert (
        str(entries[0].sentence) == "ada added the webhook chat, which tells https://hooks.example.test:443."
    )
    assert "canary" not in "".join(f"{entry.sentence} {entry.before} {entry.after}" for entry in entries)


def test_a_test_is_sent_whatever_it_listens_to(add: Adding, receiver: Receiver, admin: Operator) -> None:
    row = add(events=("task.failed",))
    delivery = registry.ping(row, actor=admin)
    send(row)
    delivery.refresh_from_db()
    assert delivery.state == WebhookDelivery.State.DELIVERED
    assert receiver.events == ["ping"]
    assert receiver.received[0].document["actor"] == "ada"


def test_a_delivery_is_sent_again_with_its_id_once_it_is_settled(
    add: Adding, receiver: Receiver, deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    row = add()
    deployments.rename(deployment, name="b", actor=operator)
    (delivery,) = row.deliveries.all()
    with pytest.raises(Conflict, match="not been settled") as caught:
        registry.resend(delivery, actor=admin)
    assert caught.value.code == "not_settled"
    send(row)
    registry.resend(delivery, actor=admin)
    assert (delivery.state, delivery.attempts) == (WebhookDelivery.State.PENDING, 0)
    send(row)
    first, second = receiver.received
    assert first.document == second.document
    assert first.headers["Foothold-Delivery"] == second.headers["Foothold-Delivery"]


def test_while_it_is_paused_nothing_is_sent_and_afterwards_what_waited(
    add: Adding, receiver: Receiver, deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    row = add()
    deployments.rename(deployment, name="b", actor=operator)
    registry.set_active(row, False, actor=admin)
    send(row)
    assert receiver.received == []
    for attempt in (
        lambda: registry.ping(row, actor=admin),
        lambda: registry.resend(row.deliveries.get(), actor=admin),
    ):
        with pytest.raises(Conflict) as caught:
            attempt()
        assert caught.value.code == "paused"
    registry.set_active(row, True, actor=admin)
    send(row)
    assert receiver.events == ["deployment.changed"]


def test_the_secret_is_sealed_and_the_address_leads_no_further_than_its_host(add: Adding) -> None:
    row = add()
    row.refresh_from_db()
    assert SECRET.encode() not in bytes(row.sealed)
    assert row.reveal() == SECRET
    assert registry.place_of(URL) == "https://hooks.example.test:443"
    assert registry.place_of("https://[2600::1]:8443/x") == "https://[2600::1]:8443"
    assert registry.place_of("nonsense") == ""
