"""Where facts come from: one module or folder a source, which gives records or frames and knows no Django.

``files`` reads tables and event logs. Each CRM is a module of one shape (``source.Source``) that holds its
``CONNECTOR``; ``crm`` opens it by its key.
"""

from __future__ import annotations

import importlib

from hingepoint.connectors.source import Connector

#: Every CRM, by the name of its module here.
CRMS: tuple[str, ...] = ("dynamics", "espocrm", "hubspot", "odoo", "pipedrive", "salesforce")

#: Every source, by the name of its module here.
CONNECTORS = ("files", *CRMS)


def crm(key: str) -> Connector:
    """Return the connector of a CRM by its key. Raises KeyError for one that is not in the list."""
    if key not in CRMS:
        raise KeyError(key)
    return importlib.import_module(f"hingepoint.connectors.{key}").CONNECTOR
