"""Settings of the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ScriptUrl = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[^\s\"'<>;,]*$")]


class PageOptions(BaseModel):
    """What a government puts around the page, ``CASEBUS_PROFILE__PAGE__<NAME>``.

    The two scripts draw the official header and footer; only with them does the page let another host in at all.
    ``agency_names_file`` is JSON: OVO code to name, or to a name for each language.
    """

    model_config = ConfigDict(frozen=True)

    header_script: ScriptUrl | None = None
    footer_script: ScriptUrl | None = None
    agency_names_file: Path | None = None

    def agency_names(self) -> dict[str, dict[str, str]]:
        """The names by OVO code and language, read from the file. Raises ``ValueError`` when it is of another form."""
        if self.agency_names_file is None:
            return {}
        names = json.loads(self.agency_names_file.read_text(encoding="utf-8"))
        if not isinstance(names, dict):
            raise ValueError("CASEBUS_PROFILE__PAGE__AGENCY_NAMES_FILE: must be an object, OVO code to name")
        return {code: name if isinstance(name, dict) else {"nl": str(name)} for code, name in names.items()}
