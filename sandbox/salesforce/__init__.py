"""A Salesforce-speaking org in memory: REST, SOQL, Bulk 2.0, every login, and faults on demand."""
