"""A SOAP ERP of our own: customers, items, sales orders, invoices, receipts, credit memos, commission notes.

Started by code::

    ledger = Ledger(now=lambda: datetime.now(UTC))
    ledger.put("SalesOrder", {"internalId": "SO1", "number": "SO1", "status": "open", ...})
    with serve(create_app(ledger)) as address:
        ...  # WSDL at f"{address}/erp?wsdl", its schemas beside it, the service at f"{address}/erp"

The service is SOAP 1.1, document/literal; `erp.wsdl`, `messages.xsd` and `records.xsd` in this folder are the files
that it serves, and every request and record is held against them. Every request carries the header ``credentials``
(``ledger.credentials``). Records have an ``internalId``; documents also a ``number``, by which other documents name
them.
"""
