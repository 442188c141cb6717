"""Health errors as the service tells them, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterable

from wizard.topology.observed.parts import HealthError
from wizard.topology.observed.record import Record


def health_errors(record: Record, *names: str) -> tuple[HealthError, ...]:
    """The errors of all these lists of a record."""
    return read_errors(entry for name in names for entry in record.records(name))


def read_errors(records: Iterable[Record]) -> tuple[HealthError, ...]:
    return tuple(_error(record) for record in records)


def _error(record: Record) -> HealthError:
    return HealthError(
        code=record.text("errorCode", "summaryCode"),
        summary=record.text("summaryMessage"),
        message=record.text("errorMessage"),
        causes=record.text("possibleCauses"),
        recommendation=record.text("recommendedAction"),
        level=record.text("errorLevel", "severity"),
        category=record.text("errorCategory", "category"),
        source=record.text("errorSource"),
        type=record.text("errorType"),
        created_at=record.moment("creationTimeUtc"),
        entity_id=record.text("entityId"),
        error_id=record.text("errorId"),
        resolvability=record.text("customerResolvability"),
        provider_message=record.text("recoveryProviderErrorMessage"),
        inner=health_errors(record, "innerHealthErrors"),
        extra=record.rest(),
    )
