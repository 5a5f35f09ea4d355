"""A pretend CRM: a deal page like those in which the deal card is embedded."""
