from __future__ import annotations

from wizard.config import formats

DATE_FORMAT = SHORT_DATE_FORMAT = formats.DATE
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = formats.DATETIME
