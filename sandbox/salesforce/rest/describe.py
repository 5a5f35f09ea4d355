"""What objects and fields say of themselves: the sobjects list and ``describe``."""

from typing import Any

from starlette.responses import Response

from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Call, answer, base_url
from sandbox.salesforce.store.schema import Field, SObject

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "double": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
}


def list_objects(call: Call) -> Response:
    shown = [summary(sobject, call.base) for sobject in call.org.objects.values()]
    return answer({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shown})


def object_information(call: Call) -> Response:
    sobject = call.org.sobject(call.path("sobject"))
    rows = reversed(list(call.org.table(sobject.name).live()))
    recent = [_recent(call, sobject, str(row["Id"]), row.get("Name")) for row, _ in zip(rows, range(5), strict=False)]
    return answer({"objectDescribe": summary(sobject, call.base), "recentItems": recent})


def describe_object(call: Call) -> Response:
    sobject = call.org.sobject(call.path("sobject"))
    return answer(describe(call.org, sobject, call.base, base_url(call.request)))


def describe(org: Org, sobject: SObject, base: str, instance: str) -> dict[str, Any]:
    shown = summary(sobject, base)
    shown["urls"] |= {
        "uiDetailTemplate": f"{instance}/{{ID}}",
        "uiEditTemplate": f"{instance}/{{ID}}/e",
        "uiNewRecord": f"{instance}/{sobject.prefix}/e",
    }
    return shown | {
        "actionOverrides": [],
        "childRelationships": _children(org, sobject),
        "compactLayoutable": True,
        "defaultImplementation": None,
        "fields": [field_description(field) for field in sobject.fields.values()],
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [_MASTER_RECORD_TYPE],
        "searchLayoutable": True,
        "supportedScopes": [{"label": f"All {shown['labelPlural'].lower()}", "name": "everything"}],
    }


def summary(sobject: SObject, base: str) -> dict[str, Any]:
    url = f"{base}/sobjects/{sobject.name}"
    flags = (
        "createable",
        "layoutable",
        "queryable",
        "replicateable",
        "retrieveable",
        "searchable",
        "triggerable",
        "updateable",
    )
    return {
        "activateable": False,
        "custom": sobject.name.endswith("__c"),
        "customSetting": False,
        "deletable": sobject.is_deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": sobject.is_deletable,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.label[:-1] + "ies" if sobject.label.endswith("y") else sobject.label + "s",
        "mergeable": sobject.name in ("Account", "Contact", "Lead"),
        "mruEnabled": sobject.is_deletable,
        "name": sobject.name,
        "undeletable": sobject.is_deletable,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    } | dict.fromkeys(flags, True)


def field_description(field: Field) -> dict[str, Any]:
    is_writable = not field.is_read_only
    is_key = field.type in ("id", "reference")
    return {
        "aggregatable": field.type not in ("boolean", "textarea"),
        "autoNumber": False,
        "byteLength": field.length if is_key else field.length * 3,
        "calculated": field.is_calculated,
        "calculatedFormula": field.formula,
        "cascadeDelete": field.cascades,
        "caseSensitive": False,
        "controllerName": None,
        "createable": is_writable,
        "custom": field.is_custom,
        "defaultValue": False if field.type == "boolean" else None,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.default is not None or (field.is_read_only and not field.is_calculated),
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": field.precision if field.type == "int" else 0,
        "externalId": field.is_external_id,
        "filterable": field.type != "textarea",
        "groupable": field.type not in ("datetime", "textarea", "currency", "double", "percent")
        and not field.is_calculated,
        "htmlFormatted": False,
        "idLookup": field.type == "id" or field.is_external_id or field.is_unique,
        "inlineHelpText": None,
        "label": _label(field),
        "length": field.length,
        "name": field.name,
        "nameField": field.is_name,
        "namePointing": False,
        "nillable": not field.is_required and field.type not in ("boolean", "id") and field.name not in _ALWAYS_SET,
        "permissionable": field.is_custom,
        "picklistValues": [],
        "polymorphicForeignKey": False,
        "precision": 0 if field.type == "int" else field.precision,
        "referenceTo": [field.reference_to] if field.reference_to else [],
        "relationshipName": field.relationship,
        "relationshipOrder": None,
        "restrictedPicklist": False,
        "scale": field.scale,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.type != "textarea",
        "type": field.type,
        "unique": field.is_unique,
        "updateable": is_writable,
        "writeRequiresMasterRead": False,
    }


_MASTER_RECORD_TYPE = {
    "active": True,
    "available": True,
    "defaultRecordTypeMapping": True,
    "developerName": "Master",
    "master": True,
    "name": "Master",
    "recordTypeId": "012000000000000AAA",
    "urls": {},
}
_ALWAYS_SET = {"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}


def _label(field: Field) -> str:
    words = field.name.removesuffix("__c").replace("_", " ")
    return "".join(
        f" {c}" if c.isupper() and p.islower() else c for p, c in zip(" " + words, words, strict=False)
    ).strip()


def _children(org: Org, sobject: SObject) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": field.cascades,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": field.children,
            "restrictedDelete": False,
        }
        for child in org.objects.values()
        for field in child.fields.values()
        if field.reference_to == sobject.name
    ]


def _recent(call: Call, sobject: SObject, row_id: str, name: object) -> dict[str, Any]:
    url = f"{call.base}/sobjects/{sobject.name}/{row_id}"
    return {"attributes": {"type": sobject.name, "url": url}, "Id": row_id, "Name": name}
