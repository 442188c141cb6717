"""What a plan of moves is made with, and how it is kept with its task.

A repetition gets what was kept: `rates` in place of `rates_csv`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from wizard.journey.errors import FieldError
from wizard.planning.change_rates import BYTES_MOST, COLUMNS, NAME_MOST, ROWS_MOST, RatesRefused, read_rates
from wizard.services.errors import Invalid
from wizard.text import Text, _

__all__ = ["BYTES_MOST", "COLUMNS", "clean_inputs"]

_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_SIZES: Final = ("S", "M", "L")
_Amount = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
_Name = Annotated[str, Field(min_length=1, max_length=NAME_MOST)]
KeptRates = dict[str, tuple[float, float | None]]
_KEPT: Final = TypeAdapter(
    Annotated[dict[_Name, tuple[_Amount, _Amount | None]], Field(max_length=ROWS_MOST)]
)


def clean_inputs(inputs: dict[str, Any]) -> dict[str, Any]:
    """`total_change_gb`, `rates` (GB a day and MB/s at the peak by name), `leave` (ids) and `sizes` (S, M, L by id).

    Raises Invalid with all fields that cannot be taken.
    """
    errors: list[FieldError] = []
    clean = {
        "total_change_gb": _total(inputs.get("total_change_gb"), errors),
        "rates": _kept(inputs["rates"], errors)
        if inputs.get("rates")
        else _rates(inputs.get("rates_csv"), errors),
        "leave": _texts(inputs.get("leave"), errors),
        "sizes": _sizes(inputs.get("sizes"), errors),
    }
    if errors:
        raise Invalid(errors)
    return clean


# --- inside -----------------------------------------------------------------------------------------------------------


def _total(given: Any, errors: list[FieldError]) -> float | None:
    if given in (None, ""):
        return None
    try:
        # “1,024” is a thousand to some and one to others.
        value = -1.0 if _THOUSANDS.fullmatch(str(given)) else float(str(given).replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1_000_000:
        text = Text(
            _(
                "Give the change of all machines in GB a day, from 0 to 1,000,000, without commas between thousands."
            )
        )
        errors.append(FieldError(path="total_change_gb", message=text, code="invalid"))
        return None
    return value


def _rates(given: Any, errors: list[FieldError]) -> KeptRates:
    if given in (None, ""):
        return {}
    try:
        if not isinstance(given, str) or len(given.encode()) > BYTES_MOST:
            raise RatesRefused(Text(_("Give a CSV file of at most 2 MB, as text.")))
        return {name: (rate.daily_change_gb, rate.peak_mb_s) for name, rate in read_rates(given).items()}
    except RatesRefused as refused:
        errors.append(FieldError(path="rates_csv", message=refused.text, code="invalid"))
        return {}


def _kept(given: Any, errors: list[FieldError]) -> KeptRates:
    try:
        kept = _KEPT.validate_python(given)
    except ValidationError:
        text = Text(_("Give for each name its GB a day, and its MB/s at the peak or null."))
        errors.append(FieldError(path="rates", message=text, code="invalid"))
        return {}
    return {name.casefold(): rate for name, rate in kept.items()}


def _texts(given: Any, errors: list[FieldError]) -> list[str]:
    if given in (None, "", []):
        return []
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        text = Text(_("Give a list of ids of servers."))
        errors.append(FieldError(path="leave", message=text, code="invalid"))
        return []
    return sorted({one.upper() for one in given})


def _sizes(given: Any, errors: list[FieldError]) -> dict[str, str]:
    if not given:
        return {}
    if not isinstance(given, dict) or any(size not in _SIZES for size in given.values()):
        text = Text(_("Give S, M or L for the ids of servers."))
        errors.append(FieldError(path="sizes", message=text, code="invalid"))
        return {}
    return {str(server).upper(): size for server, size in sorted(given.items())}
