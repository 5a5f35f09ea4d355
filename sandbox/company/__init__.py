"""A believable company, the same for the same seed and day, for the sandbox's org and ERP.

Started by code::

    company = generate(seed=7, today=date(2026, 11, 21))
    company.fill(org, ledger)               # a sandbox.salesforce.org.Org and a sandbox.erp.ledger.Ledger
    company.truth.deals["006..."]           # what the documents of a deal add up to

Larkfield sells 20 products in three currencies: a vice president, four regional managers, 40 reps and four overlay
specialists; some 3,000 opportunities over two years with lines and splits, quotas, leads, quotes and contracts in the
CRM; orders, invoices, credit memos and receipts in the ERP, joined by SalesOrder.crmOpportunityId (which one order in a
hundred lacks). ``sandbox.company.crm_sales`` loads a public data set instead.
"""

from sandbox.company.company import Company, generate

__all__ = ["Company", "generate"]
