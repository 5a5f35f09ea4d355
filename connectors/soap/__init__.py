"""SOAP services of any make, described by configuration: a service description in YAML, no code per service."""

from connectors.soap.connector import SoapConnector as SoapConnector
from connectors.soap.description import SoapSettings as SoapSettings
