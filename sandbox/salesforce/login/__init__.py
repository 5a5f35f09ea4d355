"""Every way to get a session: OAuth 2.0 and the SOAP API's login."""
