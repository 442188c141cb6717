"""Teams on their pages, and a deployment that is begun in one, listed, and given to another."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.builders import make_operator
from tests.web.pages import read
from wizard.models import AuditEntry, Deployment, Operator, Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def administering(admin: Operator) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def lyon(operator: Operator) -> Team:
    team = Team.objects.create(name="Lyon")
    team.members.add(operator)
    return team


def begin(client: Client, **form: str) -> Deployment:
    client.post("/deployments/new/", {"name": "cs01", "profile": "asr-classic", **form})
    return Deployment.objects.get(name="cs01")


def test_a_team_is_made_filled_renamed_emptied_and_deleted(administering: Client, operator: Operator) -> None:
    assert "There is no team yet" in read(administering.get("/teams/")).words
    page = read(administering.post("/teams/add/", {"name": " Lyon "}, follow=True))
    assert "The team Lyon is made. Add its members." in page.words
    team = Team.objects.get()
    here = f"/teams/{team.pk}/"
    assert (
        "oskar is in the team now."
        in read(administering.post(here, {"username": "oskar"}, follow=True)).words
    )
    administering.post(f"{here}rename/", {"name": "Lyon Sud"})
    assert "Lyon Sud" in read(administering.get("/teams/")).words
    assert "sees none of its deployments" in read(administering.get(f"{here}members/oskar/remove/")).words
    assert team.members.get() == operator
    administering.post(f"{here}members/oskar/remove/")
    assert not team.members.exists()
    assert administering.get(f"{here}members/oskar/remove/").status_code == 404
    assert "Delete this team?" in read(administering.get(f"{here}delete/")).words
    administering.post(f"{here}delete/")
    assert not Team.objects.exists()
    said = [str(row.sentence) for row in AuditEntry.objects.filter(action__startswith="team.").order_by("pk")]
    assert said == [
        "ada made the team Lyon.",
        "ada added oskar to the team Lyon.",
        "ada renamed the team Lyon to Lyon Sud.",
        "ada took oskar out of the team Lyon Sud.",
        "ada deleted the team Lyon Sud.",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Give the team a name"),
        ("x" * 101, "101 characters"),
        ("a\nb", "on one line"),
        ("Lyon", "exists already"),
    ],
)
def test_a_name_that_will_not_do_is_refused_at_its_field(
    administering: Client, lyon: Team, name: str, said: str
) -> None:
    answer = administering.post("/teams/add/", {"name": name})
    assert answer.status_code == 422
    assert said in read(answer).words
    assert Team.objects.count() == 1


def test_who_does_not_exist_is_not_added(administering: Client, lyon: Team) -> None:
    answer = administering.post(f"/teams/{lyon.pk}/", {"username": "nobody"})
    assert answer.status_code == 422
    assert "There is no active person named “nobody”." in read(answer).words


def test_a_team_with_deployments_stays(administering: Client, working: Client, lyon: Team) -> None:
    begin(working, team="Lyon")
    answer = administering.post(f"/teams/{lyon.pk}/delete/")
    assert answer.status_code == 409
    assert "Lyon still has deployments (1)" in read(answer).words


def test_who_is_in_one_team_begins_in_it_unless_they_say_otherwise(working: Client, lyon: Team) -> None:
    page = read(working.get("/deployments/new/"))
    assert [
        option["value"] for option in page.all("option") if "selected" in option and option["value"] == "Lyon"
    ]
    assert begin(working, team="Lyon").team == lyon


def test_who_is_in_no_team_is_not_asked(working: Client) -> None:
    assert "Team" not in read(working.get("/deployments/new/")).words
    assert begin(working).team is None


def test_nobody_begins_in_a_team_of_others(working: Client, lyon: Team) -> None:
    Team.objects.create(name="Essen")
    for name in ("Essen", "Atlantis"):
        answer = working.post("/deployments/new/", {"name": "cs01", "profile": "asr-classic", "team": name})
        assert answer.status_code == 422
        assert f"You are in no team named “{name}”." in read(answer).text
    assert not Deployment.objects.exists()


def test_the_list_shows_the_team_and_is_filtered_by_it(working: Client, lyon: Team) -> None:
    begin(working, team="Lyon")
    working.post("/deployments/new/", {"name": "open", "profile": "asr-classic"})
    assert "Lyon" in read(working.get("/")).words
    mine = read(working.get(f"/?team={lyon.pk}")).words
    assert "cs01" in mine
    assert "open" not in mine
    rest = read(working.get("/?team=none")).words
    assert "cs01" not in rest
    assert "open" in rest


def test_a_deployment_is_given_to_another_team_of_ones_own(
    working: Client, operator: Operator, lyon: Team
) -> None:
    essen = Team.objects.create(name="Essen")
    deployment = begin(working, team="Lyon")
    page = f"/deployments/{deployment.pk}/team/"
    assert working.post(page, {"team": "Essen"}).status_code == 422
    essen.members.add(operator)
    assert page in [link["href"] for link in read(working.get(f"/deployments/{deployment.pk}/")).all("a")]
    working.post(page, {"team": "Essen"})
    deployment.refresh_from_db()
    assert deployment.team == essen
    entry = AuditEntry.objects.get(action="deployment.given_to_team")
    assert str(entry.sentence) == "oskar gave cs01 to the team Essen."
    assert (entry.before, entry.after) == ({"team": "Lyon"}, {"team": "Essen"})
    working.post(page, {"team": ""})
    deployment.refresh_from_db()
    assert deployment.team is None


def test_only_who_began_it_and_administrators_give_it_away(
    working: Client, administering: Client, lyon: Team
) -> None:
    deployment = begin(working)
    page = f"/deployments/{deployment.pk}/team/"
    otto = make_operator("otto", Operator.Role.OPERATOR)
    lyon.members.add(otto)
    other = Client()
    other.force_login(otto)

    def offered(client: Client) -> bool:
        return page in [
            link.get("href") for link in read(client.get(f"/deployments/{deployment.pk}/")).all("a")
        ]

    # Everybody's is not taken into a team of one's own, and a team's is not shown to all.
    for team, wanted in ((None, "Lyon"), (lyon, "")):
        Deployment.objects.update(team=team)
        assert not offered(other)
        assert other.get(page).status_code == 403
        refused = other.post(page, {"team": wanted})
        assert refused.status_code == 403
        assert (
            "given to another team by oskar, who began it, and by administrators alone" in read(refused).words
        )
        deployment.refresh_from_db()
        assert deployment.team == team
    assert offered(working)
    assert offered(administering)
    administering.post(page, {"team": ""})
    deployment.refresh_from_db()
    assert deployment.team is None


def test_who_began_it_gives_away_nothing_of_a_team_that_they_have_left(
    working: Client, operator: Operator, lyon: Team
) -> None:
    deployment = begin(working, team="Lyon")
    page = f"/deployments/{deployment.pk}/team/"
    lyon.members.remove(operator)
    assert working.post(page, {"team": ""}).status_code == 404
    lyon.members.add(operator)
    Operator.objects.update(role=Operator.Role.VIEWER)
    operator.refresh_from_db()
    working.force_login(operator)
    assert working.post(page, {"team": ""}).status_code == 403
    deployment.refresh_from_db()
    assert deployment.team == lyon


def test_others_see_nothing_of_it(working: Client, looking: Client, lyon: Team) -> None:
    deployment = begin(working, team="Lyon")
    assert "cs01" not in read(looking.get("/")).words
    for rest in ("", "team/", "checks/", "tasks/"):
        assert looking.get(f"/deployments/{deployment.pk}/{rest}").status_code == 404
    outsider = Client()
    outsider.force_login(make_operator("otto", Operator.Role.OPERATOR))
    taken = outsider.post("/deployments/new/", {"name": "cs01", "profile": "asr-classic"})
    words = read(taken).words
    assert "This name cannot be used; choose another one" in words
    assert "exists already" not in words


def test_teams_are_for_administrators(working: Client, looking: Client, lyon: Team) -> None:
    for client in (working, looking):
        for rest in ("", "add/", f"{lyon.pk}/", f"{lyon.pk}/delete/", f"{lyon.pk}/members/oskar/remove/"):
            assert client.get(f"/teams/{rest}").status_code == 403
            assert client.post(f"/teams/{rest}", {"name": "x"}).status_code in (403, 405)
    assert Team.objects.get().name == "Lyon"
