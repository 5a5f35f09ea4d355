"""Tryton (series 8.2): opportunities, sales, invoices, receipts and commissions over JSON-RPC."""

from connectors.tryton.connector import TrytonConnector as TrytonConnector
from connectors.tryton.connector import TrytonSettings as TrytonSettings
from connectors.tryton.streams import STREAMS as STREAMS
from connectors.tryton.streams import StreamFields as StreamFields
