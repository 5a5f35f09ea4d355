"""The objects of the lead-to-cash chain that are read by default, and how an org's changes are laid over them."""

from connectors.salesforce.settings import ChildSettings, SalesforceSettings, StreamChange, StreamSettings

_ALWAYS = ("Id", "SystemModstamp")


def _stream(fields: str, *children: ChildSettings, sums: str = "") -> StreamSettings:
    return StreamSettings(fields=tuple(fields.split()), children=children, sums=tuple(sums.split()))


def _child(relationship: str, sobject: str, parent: str, fields: str) -> ChildSettings:
    return ChildSettings(
        relationship=relationship,
        sobject=sobject,
        parent_field=f"{parent}Id",
        parent_path=parent,
        fields=tuple(fields.split()),
    )


# In the order in which they are read: what others point at comes first.
DEFAULT_STREAMS: dict[str, StreamSettings] = {
    "CurrencyType": _stream("IsoCode ConversionRate DecimalPlaces IsActive IsCorporate"),
    "DatedConversionRate": _stream("IsoCode StartDate NextStartDate ConversionRate"),
    "UserRole": _stream("Name ParentRoleId"),
    "User": _stream(
        "Name Email Username FederationIdentifier EmployeeNumber Title Department Division IsActive ManagerId "
        "UserRoleId DefaultCurrencyIsoCode CreatedDate"
    ),
    "Account": _stream(
        "Name AccountNumber Type Industry BillingCountry BillingState ParentId OwnerId CurrencyIsoCode CreatedDate"
    ),
    "Product2": _stream(
        "Name ProductCode Family IsActive CurrencyIsoCode",
        _child(
            "PricebookEntries", "PricebookEntry", "Product2", "UnitPrice IsActive Pricebook2.IsStandard CurrencyIsoCode"
        ),
    ),
    "Lead": _stream(
        "Name Company Status LeadSource OwnerId IsConverted ConvertedDate ConvertedAccountId ConvertedOpportunityId "
        "CreatedDate"
    ),
    "Opportunity": _stream(
        "Name AccountId OwnerId StageName IsClosed IsWon Amount CurrencyIsoCode CloseDate Probability Type LeadSource "
        "ForecastCategoryName Pricebook2Id CreatedDate",
        _child(
            "OpportunityLineItems",
            "OpportunityLineItem",
            "Opportunity",
            "Product2Id PricebookEntryId ProductCode Name Description Quantity UnitPrice ListPrice Discount TotalPrice "
            "ServiceDate SortOrder CurrencyIsoCode",
        ),
        _child(
            "OpportunitySplits",
            "OpportunitySplit",
            "Opportunity",
            "SplitOwnerId SplitPercentage SplitAmount SplitTypeId SplitType.DeveloperName CurrencyIsoCode",
        ),
        sums="Amount",
    ),
    "Quote": _stream(
        "Name QuoteNumber OpportunityId AccountId ContractId Status ExpirationDate GrandTotal TotalPrice "
        "CurrencyIsoCode CreatedDate IsSyncing",
        _child(
            "QuoteLineItems",
            "QuoteLineItem",
            "Quote",
            "LineNumber Product2Id Quantity UnitPrice Discount TotalPrice CurrencyIsoCode",
        ),
        sums="TotalPrice",
    ),
    "Contract": _stream(
        "ContractNumber AccountId OwnerId Status StartDate EndDate ContractTerm ActivatedDate CurrencyIsoCode "
        "CreatedDate"
    ),
    "Order": _stream(
        "OrderNumber AccountId OpportunityId QuoteId ContractId OwnerId Status Type EffectiveDate EndDate "
        "TotalAmount CurrencyIsoCode CreatedDate",
        _child(
            "OrderItems",
            "OrderItem",
            "Order",
            "OrderItemNumber Product2Id Quantity UnitPrice ListPrice TotalPrice ServiceDate CurrencyIsoCode",
        ),
        sums="TotalAmount",
    ),
    "ForecastingQuota": _stream(
        "QuotaOwnerId QuotaAmount QuotaQuantity IsAmount IsQuantity StartDate ForecastingTypeId ProductFamily "
        "CurrencyIsoCode",
        sums="QuotaAmount",
    ),
}


def configured_streams(settings: SalesforceSettings) -> dict[str, StreamSettings]:
    """The streams to read, in order; ValueError if a setting names a stream that there is not."""
    available = DEFAULT_STREAMS | settings.custom_streams
    chosen = settings.streams or tuple(available)
    for name in (*chosen, *settings.changes):
        if name not in available:
            raise ValueError(f"no stream {name!r}; there are {', '.join(available)}, others go into custom_streams")
    return {name: _fitted(available[name], settings.changes.get(name), settings.omit_fields) for name in chosen}


def _fitted(stream: StreamSettings, change: StreamChange | None, omitted: frozenset[str]) -> StreamSettings:
    change = change or StreamChange()
    children = tuple(
        _fitted_child(child, change.add_to_children.get(child.relationship, ()), omitted | change.omit)
        for child in stream.children
        if child.relationship not in change.omit_children
    )
    fields = _fields(stream.fields, change.add, omitted | change.omit)
    return stream.model_copy(update={"fields": fields, "children": children})


def _fitted_child(child: ChildSettings, added: tuple[str, ...], omitted: frozenset[str]) -> ChildSettings:
    return child.model_copy(update={"fields": _fields(child.fields, added, omitted)})


def _fields(fields: tuple[str, ...], added: tuple[str, ...], omitted: frozenset[str]) -> tuple[str, ...]:
    kept = (field for field in (*fields, *added) if field not in omitted)
    return tuple(dict.fromkeys((*_ALWAYS, *kept)))
