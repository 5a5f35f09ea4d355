"""The Salesforce-speaking org, seen through clients that we did not write."""
