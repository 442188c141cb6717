"""Who may open which door, in one table. A door that is in no row fails the test that reads this.

Each cell names the people to whom a door opens. To others with a role it is "forbidden", and a stranger is sent to the sign-in
(or told to bring a token). Methods that an address does not know are not listed.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from tests.permissions.doors import Door, Outcome

ROLES: Final = ("viewer", "operator", "reviewer", "admin")

# By the words of the table: who is let in, and what an answer to the others is. "Nothing there" is what is found behind a
# door that opens: the world of these tests has nothing to show there.
WHO: Final[dict[str, tuple[tuple[str, ...], Outcome]]] = {
    "everybody": (ROLES, "forbidden"),
    "workers": (("operator", "admin"), "forbidden"),
    "workers, hidden from others": (("operator", "admin"), "hidden"),
    "deciders": (("reviewer", "admin"), "forbidden"),
    "both": (("operator", "reviewer", "admin"), "forbidden"),
    "administrators": (("admin",), "forbidden"),
    "nobody": ((), "forbidden"),
}

TABLE: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("web", "GET"): {
        "everybody": """
            api:openapi-json api:openapi-view deployments deployment step check_answers move answer_file
            approvals approval history checks check_report attested_file task_sheets task_sheets_file firewall
            firewall_file plan_file privileges privileges_file calendar calendar_file observations topology
            topology_file deployment_machines machines_file machine physical_servers_template components
            component machine_moves snapshots snapshot hand_over deployment_tasks decommission
            decommission_steps conflicts requirement_index requirements requirement tasks task task_progress
            azure_accounts azure_role account password_change set_password tokens sessions second_factors
            add_app add_passkey recovery_codes sign_in_again
        """,
        "workers": """
            new_deployment delete_deployment waive attest add_physical_server
            import_physical_servers change_physical_server remove_physical_server add_component change_component
            remove_component add_azure_account change_azure_account delete_azure_account webhooks add_webhook
            webhook change_webhook delete_webhook delivery
        """,
        "deciders": """
            reject_deployment audit audit_file
        """,
        "administrators": """
            team_of_deployment teams add_team team rename_team delete_team remove_team_member
        """,
        "nobody": """
            metrics
        """,
    },
    ("web", "POST"): {
        "everybody": """
            api:openapi-view account password_change set_password tokens disconnect_provider end_other_sessions
            end_session add_app add_passkey recovery_codes sign_in_again
        """,
        "workers": """
            add_webhook change_webhook new_deployment delete_deployment step check_answers ask_approval run_checks
            verify_installation collect_facts waive attest withdraw_answer compare_privileges look_at_vault
            choose_account correct_role notice_seen discover_machines add_physical_server
            import_physical_servers change_physical_server remove_physical_server add_component change_component
            check_component record_component remove_component machine_moves start_moves undo_moves hand_over
            hand_over_file cancel_task retry_task add_azure_account change_azure_account test_azure_account
            delete_azure_account webhook_secret ping_webhook pause_webhook resume_webhook delete_webhook
            resend_delivery
        """,
        "deciders": """
            demand_approval approve_deployment reject_deployment approve_waiver
        """,
        "both": """
            withdraw_approval take_back_waiver
        """,
        "workers, nothing there": """
            machines_with_vault decommission_steps
        """,
        "administrators": """
            team_of_deployment add_team team rename_team delete_team remove_team_member
        """,
        "everybody, nothing there": """
            revoke_token remove_app remove_passkey
        """,
    },
    ("api", "GET"): {
        "everybody": """
            list_profiles get_profile get_step_schema list_requirements list_deployments get_deployment get_step
            get_topology get_answers get_scale_out_advice list_additions get_addition list_decommissions
            list_facts list_checks checks_report list_waivers list_attestations get_attestation_file
            list_secrets list_manual_steps get_firewall get_expiry get_task_sheets get_privileges
            get_role_script get_plan list_template_passwords list_protectable_items list_packs get_vault_watch
            list_observations get_newest_observation list_notices list_snapshots get_snapshot compare_snapshots
            list_physical_servers get_physical_servers_template get_machines_file list_azure_accounts
            get_azure_role get_azure_account list_conflicts list_credentials get_credential list_vcenters
            get_vcenter list_machines get_machine list_components get_migration get_requirement list_teams get_team list_webhooks
            list_all_approvals list_approvals list_history list_tasks get_task list_events
        """,
        "everybody, nothing there": """
            get_moves
        """,
        "workers": """
            get_bundle download_pack
        """,
        "workers, hidden from others": """
            get_webhook list_deliveries get_delivery
        """,
        "deciders": """
            list_audit
        """,
    },
    ("api", "POST"): {
        "workers": """
            create_deployment plan_addition finish_decommission upload_facts issue_collector see_notice
            add_physical_server import_physical_servers create_azure_account test_azure_account
            create_credential probe_vcenter ask_for_approval start_task cancel_task retry_task
        """,
        "deciders": """
            approve_waiver approve reject
        """,
        "everybody": """
            advise_size
        """,
        "administrators": """
            create_team create_webhook
        """,
        "workers, hidden from others": """
            ping_webhook resend_delivery
        """,
        "both": """
            withdraw
        """,
    },
    ("api", "PATCH"): {
        "workers": """
            change_deployment change_azure_account change_credential
        """,
        "administrators": """
            rename_team
        """,
        "workers, hidden from others": """
            change_webhook
        """,
    },
    ("api", "DELETE"): {
        "workers": """
            delete_deployment remove_addition take_back_decommission_step delete_attestation delete_secret
            take_back_manual_step remove_physical_server delete_azure_account delete_credential
        """,
        "both": """
            delete_waiver
        """,
        "administrators": """
            delete_team remove_team_member
        """,
        "workers, hidden from others": """
            delete_webhook
        """,
    },
    ("api", "PUT"): {
        "workers": """
            put_step change_addition confirm_decommission_step put_waiver put_attestation put_attestation_file
            put_secret put_vault_credentials confirm_manual_step put_template_passwords put_vault_account
            put_corrections change_physical_server
        """,
        "administrators": """
            add_team_member
        """,
    },
}

# The pages of the console by the endings of their names; the first that fits counts. Who has no business there is sent away
# at its one entrance. Records are read; people alone are changed there.
CONSOLE: Final[tuple[tuple[str, str, str], ...]] = (
    ("*", "admin:rotate_keys", "administrators"),
    ("*", "admin:auth_user_password_change", "administrators"),
    ("*", "admin:wizard_operator_add", "administrators"),
    ("POST", "admin:wizard_operator_change", "administrators"),
    # What programs are told is for those who work; of those only administrators come here.
    ("*", "admin:wizard_webhook*_changelist", "administrators"),
    ("*", "admin:wizard_webhook*_export", "administrators"),
    ("GET", "admin:wizard_webhook*_change", "administrators"),
    ("*", "admin:password_change*", "deciders"),
    ("*", "admin:*_changelist", "deciders"),
    ("*", "admin:*_export", "deciders"),
    ("*", "admin:*_history", "deciders"),
    ("*", "admin:*_add", "nobody"),
    ("*", "admin:*_delete", "nobody"),
    ("GET", "admin:*_change", "deciders"),
    ("POST", "admin:*_change", "nobody"),
    # The old address of a record, which leads to its page.
    ("*", "admin:console/*/<path:object_id>/", "deciders"),
    ("*", "admin:wizard_task_live", "deciders"),
    ("*", "admin:wizard_topologysnapshot_compare", "deciders, nothing there"),
    ("*", "admin:index", "deciders"),
    ("*", "admin:app_list", "deciders"),
    ("*", "admin:jsi18n", "deciders"),
    ("*", "admin:autocomplete", "nobody"),
    ("*", "admin:view_on_site", "deciders, nothing there"),
    ("*", "admin:console/(?P<url>.*)$", "deciders, nothing there"),
)

# What strangers may open, and why.
OPEN: Final[dict[str, str]] = {
    "sign_in": "the way in",
    "sign_in_code": "the second half of the way in; without the first it leads back to it",
    "sign_in_once": "its token is the proof",
    "sign_out": "ends a session; without one there is nothing to end",
    "oidc_start": "the way in by a provider; not there where none is set up",
    "oidc_return": "the way back from the provider; judged by what was sent there",
    "set_language": "the language of the sign-in page; kept in a cookie of its reader",
    "healthz": "says that the process lives, and nothing else",
    "readyz": "says which part is not ready; no address and no name is in it",
    "admin:login": "leads to the one sign-in there is",
    "admin:logout": "ends a session; without one there is nothing to end",
}


def expected(door: Door) -> dict[str, Outcome]:
    """By role what has to come of it. Raises KeyError for a door that the table does not know."""
    words = _words(door)
    people, _comma, behind = words.partition(", ")
    if behind == "nothing there":
        allowed, others = WHO[people]
        return {role: "hidden" if role in allowed else others for role in ROLES}
    allowed, others = WHO[words]
    return {role: "allowed" if role in allowed else others for role in ROLES}


def _words(door: Door) -> str:
    if door.room == "console":
        for method, pattern, words in CONSOLE:
            if method in ("*", door.method) and fnmatchcase(door.name, pattern):
                return words
        raise KeyError(str(door))
    for words, names in TABLE.get((door.room, door.method), {}).items():
        if door.name in names.split():
            return words
    raise KeyError(str(door))
