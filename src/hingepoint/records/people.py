"""People: what a person comes for, and whether they can sign in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.records.words import Worded


class Role(Worded):
    """What a person comes for. One role a person."""

    SPONSOR = "sponsor", "Sponsor"
    MANAGER = "manager", "Manager"
    SELLER = "seller", "Seller"
    ANALYST = "analyst", "Analyst"
    INSIDE_PARTNER = "inside_partner", "Inside partner"


class SignIn(Worded):
    """Whether somebody can sign in, and what is in the way."""

    CAN = "can", "Can sign in"
    DISABLED = "disabled", "Disabled"
    NO_ADDRESS = "no_address", "No address yet"
    NOT_INVITED = "not_invited", "Not invited yet"
    INVITED = "invited", "Invited"
    WAITING = "waiting", "Mail waits to go out"
    NOT_SENT = "not_sent", "Mail could not be sent"
    OVER = "over", "Invitation ran out"


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One row of a sheet of people, as it is written; ``row`` is the one a person sees there. Empty texts and no
    day are what the sheet does not say."""

    row: int
    name: str
    email: str = ""
    role: str = ""
    title: str = ""
    key: str = ""
    manager: str = ""
    team: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


#: What a role is called in companies' own sheets, besides its value and its word; as ``names.normal`` spells it.
#: Whoever sees everything is named in our own words only: no guess makes a sponsor or an analyst.
ROLE_WORDS: dict[str, Role] = {
    **dict.fromkeys(
        ("accountexecutive", "accountmanager", "ae", "salesrep", "salesperson", "rep"), Role.SELLER
    ),
    **dict.fromkeys(
        ("salesmanager", "teamlead", "teamleader", "linemanager", "regionalmanager"), Role.MANAGER
    ),
    **dict.fromkeys(
        ("partner", "legal", "finance", "contracts", "accounting", "delivery"), Role.INSIDE_PARTNER
    ),
}
