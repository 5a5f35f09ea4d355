"""Salesforce over its REST API, on simple-salesforce: incremental SOQL reads, deleted feeds, upserts by external id."""

from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.settings import SalesforceSettings

__all__ = ["SalesforceConnector", "SalesforceSettings"]
