"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path

from wizard.web.views import (
    account,
    answers,
    checks,
    deployments,
    health,
    machines,
    requirements,
    sign_in,
    step,
    tasks,
    topology,
)

urlpatterns = [
    path("", deployments.listing, name="deployments"),
    path("deployments/new/", deployments.new, name="new_deployment"),
    path("deployments/<uuid:pk>/", deployments.home, name="deployment"),
    path("deployments/<uuid:pk>/delete/", deployments.delete, name="delete_deployment"),
    path("deployments/<uuid:pk>/steps/<slug:step_id>/", step.step, name="step"),
    path("deployments/<uuid:pk>/answers/", answers.check, name="check_answers"),
    path("deployments/<uuid:pk>/answers.yaml", answers.download, name="answer_file"),
    path("deployments/<uuid:pk>/checks/", checks.results, name="checks"),
    path("deployments/<uuid:pk>/checks/run/", checks.run, name="run_checks"),
    path("deployments/<uuid:pk>/checks/report.<slug:form>", checks.report, name="check_report"),
    path("deployments/<uuid:pk>/checks/<slug:requirement_id>/waiver/", checks.waive, name="waive"),
    path(
        "deployments/<uuid:pk>/checks/<slug:requirement_id>/waiver/remove/",
        checks.take_back,
        name="take_back_waiver",
    ),
    path("deployments/<uuid:pk>/topology/", topology.graph, name="topology"),
    path("deployments/<uuid:pk>/topology.<slug:form>", topology.download, name="topology_file"),
    path("deployments/<uuid:pk>/machines/", machines.of_deployment, name="deployment_machines"),
    path("deployments/<uuid:pk>/machines/discover/", machines.discover, name="discover_machines"),
    path("deployments/<uuid:pk>/snapshots/", topology.snapshots, name="snapshots"),
    path("deployments/<uuid:pk>/snapshots/<int:number>/", topology.snapshot, name="snapshot"),
    path("deployments/<uuid:pk>/tasks/", tasks.of_deployment, name="deployment_tasks"),
    path("requirements/", requirements.index, name="requirement_index"),
    path("requirements/<slug:profile>/", requirements.listing, name="requirements"),
    path("requirements/<slug:profile>/<slug:requirement_id>/", requirements.detail, name="requirement"),
    path("tasks/", tasks.listing, name="tasks"),
    path("tasks/<uuid:pk>/", tasks.detail, name="task"),
    path("tasks/<uuid:pk>/progress/", tasks.progress, name="task_progress"),
    path("tasks/<uuid:pk>/cancel/", tasks.cancel, name="cancel_task"),
    path("tasks/<uuid:pk>/retry/", tasks.retry, name="retry_task"),
    path("account/", account.home, name="account"),
    path("account/password/", account.change_password, name="password_change"),
    path("account/password/new/", account.set_password, name="set_password"),
    path("account/tokens/", account.tokens, name="tokens"),
    path("account/tokens/<uuid:pk>/revoke/", account.revoke_token, name="revoke_token"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("sign-in/once/<str:token>/", sign_in.once, name="sign_in_once"),
    path("healthz", health.live, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]
