"""Hand-over packs: made by a task, kept with their deployment, downloaded by people who are written down, verified anywhere."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone, translation

from wizard.models import Deployment, HandOverPack, Operator
from wizard.services import audit, hand_over_archive, hand_over_key
from wizard.services.errors import Conflict, NotFound, UserError
from wizard.services.hand_over_archive import PackRefused, Verified
from wizard.services.hand_over_contents import README, Part, parts_of, readme
from wizard.services.permissions import require
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.text import Text, _

KEPT: Final = 10
MOST_BYTES: Final = 64 * 2**20
"""Of the zip. It stands in the database: one that is larger holds what nobody could read anyway."""


# --- the task ---------------------------------------------------------------------------------------------------------


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """The pack speaks the language of the person who asks for it; `language` says another one."""
    wanted = str(inputs.get("language") or translation.get_language() or settings.LANGUAGE_CODE)
    known = dict(settings.LANGUAGES)
    return Prepared(inputs={"language": wanted if wanted in known else settings.LANGUAGE_CODE})


def run(progress: Progress) -> Done:
    task = progress.task
    with translation.override(task.inputs["language"]), tempfile.TemporaryFile() as file:
        # The task's row was read when it began; what is handed over is as it is now.
        deployment = Deployment.objects.get(pk=task.deployment_id)
        signature, there, absent = _write(file, deployment, task.requested_by, progress)
        size = file.tell()
        if size > MOST_BYTES:
            raise Conflict(
                Text(
                    _("The pack would have %(size)s bytes; at most %(most)s are kept."),
                    size=size,
                    most=MOST_BYTES,
                ),
                code="too_large",
            )
        file.seek(0)
        content = file.read()
    sha256 = hashlib.sha256(content).hexdigest()
    made_at = timezone.now()
    name = f"{deployment.name}-hand-over-{made_at.strftime('%Y%m%dT%H%M%SZ')}.zip"
    pack = HandOverPack(
        deployment=deployment,
        file_name=name,
        content=content,
        size=size,
        sha256=sha256,
        signature=signature.hex(),
        public_key=hand_over_key.signing_key().public_key,
        made_by=task.requested_by,
    )

    def commit() -> None:
        pack.save()
        kept = deployment.packs.order_by("-made_at", "-pk").values_list("pk", flat=True)[:KEPT]
        deployment.packs.exclude(pk__in=list(kept)).delete()
        audit.record(
            "hand_over.made",
            subject=pack,
            actor=task.requested_by,
            sentence=Text(
                _("%(who)s made the hand-over pack %(file)s of %(name)s."),
                who=task.requested_by.username,
                file=name,
                name=deployment.name,
            ),
            after={"sha256": sha256, "size": size},
        )

    return Done(
        summary=Text(_("The hand-over pack is made: %(file)s, %(files)s files."), file=name, files=there),
        result={"pack": str(pack.pk), "file_name": name, "sha256": sha256, "files": there, "absent": absent},
        commit=commit,
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def packs_of(deployment: Deployment) -> QuerySet[HandOverPack]:
    """The packs of the deployment without their contents, the newest first."""
    return deployment.packs.defer("content").select_related("made_by").order_by("-made_at", "-pk")


def take(deployment: Deployment, pack_id: UUID, *, actor: Operator) -> HandOverPack:
    """A pack with its content, for somebody who is written down for it. Raises NotFound, NotAllowed."""
    require(actor, "hand_over.take", deployment)
    pack = deployment.packs.filter(pk=pack_id).first()
    if pack is None:
        raise NotFound(Text(_("There is no such pack; the newest %(kept)s are kept."), kept=KEPT))
    audit.record(
        "hand_over.taken",
        subject=pack,
        actor=actor,
        sentence=Text(
            _("%(who)s downloaded the hand-over pack %(file)s of %(name)s."),
            who=actor.username,
            file=pack.file_name,
            name=deployment.name,
        ),
    )
    return pack


def own_public_key() -> str:
    """The public key of this installation as PEM; empty before it has signed anything."""
    raw = hand_over_key.public_key()
    return hand_over_archive.pem_of(raw).decode() if raw else ""


def verify(path: Path, *, public_key: Path | None = None) -> Verified:
    """Prove a pack against the key in the file `public_key`, or the key of this installation.

    Raises PackRefused; its code says why: not_a_pack, content_changed, wrong_signature, other_key.
    """
    try:
        if public_key is not None:
            trusted: bytes | None = hand_over_archive.key_in(public_key.read_bytes())
        else:
            trusted = hand_over_key.public_key()
        if trusted is None:
            raise PackRefused(
                Text(_("This installation has signed no pack yet, so it has no key to compare with.")),
                remedy=Text(
                    _("Give the public key of the installation that made the pack with --public-key.")
                ),
                code="other_key",
            )
        with path.open("rb") as file:
            return hand_over_archive.verify(file, trusted=trusted)
    except OSError as error:
        raise PackRefused(
            Text(
                _("%(path)s cannot be read: %(reason)s."),
                path=str(error.filename or path),
                reason=error.strerror or type(error).__name__,
            ),
            code="unreadable",
        ) from None


# --- inside -----------------------------------------------------------------------------------------------------------


def _write(
    file: IO[bytes], deployment: Deployment, actor: Operator, progress: Progress
) -> tuple[bytes, int, list[str]]:
    """The signature, how many files there are beside the manifest, and the paths of those that do not exist yet."""
    private_key = hand_over_key.private_key(hand_over_key.signing_key())
    there: list[Part] = []
    absent: list[tuple[Part, UserError]] = []
    at = timezone.now()
    parts = parts_of(deployment, actor=actor)

    def files() -> Iterator[tuple[str, Iterator[bytes]]]:
        for number, part in enumerate(parts):
            progress.phase(part.title, round(90 * number / len(parts)))
            chunks = part.content()
            try:
                first = next(chunks, b"")
            except UserError as error:
                absent.append((part, error))
                continue
            there.append(part)
            yield part.path, chain([first], chunks)
        # Last, as only now it is known what there is.
        yield README, iter([readme(deployment, there, absent, actor=actor, at=at).encode()])

    progress.phase(Text(_("Collecting")), 1)
    signature = hand_over_archive.write(file, files(), private_key)
    return signature, len(there) + 2, [part.path for part, _error in absent]
