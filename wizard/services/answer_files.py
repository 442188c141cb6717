"""The answer file that rebuilds a deployment: without secrets, credentials by name, with what people answered for."""

from __future__ import annotations

import json

from wizard.journey.answer_file import AnswerFile, dump
from wizard.models import Deployment
from wizard.services import deployments
from wizard.services.errors import NotFound
from wizard.text import Text, _


def export(deployment: Deployment, form: str = "yaml") -> tuple[str, str]:
    """The file's text and media type. Raises NotFound for a form other than yaml and json."""
    file = AnswerFile(
        name=deployment.name,
        profile=deployment.profile,  # type: ignore[arg-type]  # only known profiles are stored
        answers=deployments.answers_of(deployment),
        attestations={
            row.requirement_id: {"answer": row.answer, "note": row.note}
            for row in deployment.attestations.defer("file")
        },
    )
    match form:
        case "yaml":
            return dump(file), "application/yaml"
        case "json":
            return json.dumps(file.to_json(), ensure_ascii=False, indent=2), "application/json"
    raise NotFound(Text(_("There is no format “%(form)s”; it can be yaml or json."), form=form))
