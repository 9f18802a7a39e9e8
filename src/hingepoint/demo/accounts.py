"""The customers of the demo company and the people who work there."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from hingepoint.demo import names

COUNTRY = {
    "Hamburg": "DE",
    "Copenhagen": "DK",
    "Stockholm": "SE",
    "Rotterdam": "NL",
    "Lyon": "FR",
    "Milan": "IT",
    "Madrid": "ES",
    "Lisbon": "PT",
    "Warsaw": "PL",
    "Vienna": "AT",
    "Prague": "CZ",
    "Budapest": "HU",
    "Dublin": "IE",
    "London": "GB",
    "Brussels": "BE",
}
ACCOUNTS_PER_SELLER = 8

#: function of a contact -> their titles; the first six work at every account
FUNCTIONS = {
    "problem owner": ("Plant manager", "Head of production", "Site director"),
    "champion": ("Process engineer", "Reliability engineer", "Continuous improvement lead"),
    "executive": ("Chief operating officer", "Managing director", "Vice president operations"),
    "finance": ("Finance director", "Head of controlling", "Chief financial officer"),
    "procurement": ("Head of procurement", "Category manager", "Strategic buyer"),
    "operations": ("Head of operations", "Maintenance manager", "Energy manager"),
    "it": ("IT architect", "Head of OT security", "Systems engineer"),
    "project": ("Project manager", "Programme lead"),
    "legal": ("General counsel", "Contract counsel"),
}
_ALWAYS = 6
_OFTEN = 0.45

#: words in a type's counterpart -> function that fills it, tried in this order
_COUNTERPARTS = (
    ("procurement", "procurement"),
    ("buyer", "procurement"),
    ("finance", "finance"),
    ("budget", "finance"),
    ("executive", "executive"),
    ("decision maker", "executive"),
    ("approver", "executive"),
    ("signatory", "executive"),
    ("champion", "champion"),
    ("influential", "champion"),
    ("evaluation", "champion"),
    ("operations", "operations"),
    ("it /", "it"),
    ("security", "it"),
    ("project", "project"),
    ("legal", "legal"),
)


def function_of(counterpart: str) -> str:
    """Return which function at the account fills a catalogue counterpart."""
    words = counterpart.lower()
    return next((function for word, function in _COUNTERPARTS if word in words), "problem owner")


def win_over(*, seats: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return the accounts: account, name, industry, segment, country, region, seat, existing."""
    count = len(seats) * ACCOUNTS_PER_SELLER
    named = names.companies(count=count, rng=rng)
    seat = np.arange(count) % len(seats)
    industry = np.array([i for _, i in named])
    large = rng.random(count) < 0.3
    segment = np.where(
        industry == "Public services", "Public sector", np.where(large, "Enterprise", "Mid-market")
    )
    return pl.DataFrame(
        {
            "account": [f"A-{i + 1:04d}" for i in range(count)],
            "name": [name for name, _ in named],
            "industry": industry,
            "segment": segment,
            "country": [COUNTRY[seats["team"][int(s)]] for s in seat],
            "region": [seats["region"][int(s)] for s in seat],
            "seat": seat,
            "existing": rng.random(count) < 0.45,
        }
    )


def meet(
    *, accounts: pl.DataFrame, began: dt.date, ends_on: dt.date, rng: np.random.Generator
) -> pl.DataFrame:
    """Return the contacts: contact, account, name, function, title, email, left_on.

    About one in nine leaves the account during the history.
    """
    functions = list(FUNCTIONS)
    present = rng.random((len(accounts), len(functions))) < _OFTEN
    present[:, :_ALWAYS] = True
    where, which = np.nonzero(present)
    who = names.people(count=len(where), rng=rng)
    days = (ends_on - began).days
    leaves = rng.random(len(where)) < 0.11
    left = rng.integers(60, days, size=len(where))
    mail = [names.slug(name.replace(" ", "")) + ".example" for name in accounts["name"]]
    title = rng.integers(0, 6, size=len(where))
    return pl.DataFrame(
        {
            "contact": [f"C-{i + 1:05d}" for i in range(len(where))],
            "account": accounts["account"].gather(where),
            "name": who,
            "function": [functions[f] for f in which],
            "title": [
                FUNCTIONS[functions[f]][t % len(FUNCTIONS[functions[f]])]
                for f, t in zip(which, title, strict=True)
            ],
            "email": [f"{names.slug(n)}@{mail[a]}" for n, a in zip(who, where, strict=True)],
            "left_on": [
                began + dt.timedelta(days=int(d)) if gone else None
                for gone, d in zip(leaves, left, strict=True)
            ],
        },
        schema_overrides={"left_on": pl.Date},
    )
