# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The texts of faults by language and code, after wsmerror.h and wbemcli.h; 0 is the text of any other code."""

from __future__ import annotations

# What the Reason of a fault begins with, except where its text does so itself.
BEGINNINGS = {"en-US": "The WS-Management service cannot process the request. ", "ja-JP": ""}
# Recorded without that beginning (the mocks of WinRb/WinRM).
BEGIN_THEMSELVES = frozenset({0x8033801A})

TEXTS = {
    "en-US": {
        0: "The request failed with the code 0x{0:08X}.",
        5: "Access is denied.",
        0x80338000: "The service cannot find the resource identified by the resource URI and selectors.",
        0x80338002: "The resource URI is not valid for this operation.",
        0x80338006: "A Pull operation is already in progress on this enumeration context.",
        0x8033800F: "A WS-Addressing or WS-Management header is not valid.",
        0x80338010: "The WS-Management service cannot process a SOAP header that is marked mustUnderstand.",
        0x80338011: "A required WS-Addressing or WS-Management header is missing or is not valid.",
        0x80338012: "The WS-Management service does not support the resource URI.",
        0x80338013: "The WS-Management service does not support the action specified in the request.",
        0x80338018: "The WS-Enumeration filter element is not supported; use the filter of WS-Management.",
        0x80338019: "The requested filter dialect is not supported.",
        0x8033801A: "The data source could not process the filter.",
        0x8033801B: "The enumeration context is not valid; it has ended or has expired.",
        0x80338026: "The request is larger than the maximum envelope size of the service.",
        0x80338029: "The WS-Management service cannot complete the operation within the time specified in "
        "OperationTimeout.",
        0x80338035: "The answer is larger than the maximum envelope size of the request or the service.",
        0x80338041: "The WS-Management service cannot process the request because the XML is not valid for the schema.",
        0x80338042: "The WS-Management service does not support the specified feature.",
        0x8033804D: "The operation succeeded, but the result cannot be reported: it is too large.",
        0x80338054: "The type of a parameter of the method is not valid.",
        0x80338055: "The name of a parameter of the method is not valid.",
        0x8033805A: "The request does not have all the selectors that the resource needs.",
        0x8033805B: "The request has selectors that the resource does not have.",
        0x8033805E: "The selectors match more than one resource.",
        0x8033805F: "The request has a selector twice.",
        0x8033807E: "The MaxEnvelopeSize of the request is too small; it must be at least 8192.",
        0x80338081: "The OperationTimeout header is not valid.",
        0x80338086: "The EnumerationMode is not supported.",
        0x80338087: "The language of the Locale header is not supported.",
        0x803380FA: "The resource is not a singleton: selectors are needed.",
        0x803380FB: "A WQL query needs the resource URI of all classes (*) without selectors.",
        0x80338102: "The provider does not support the operation.",
        0x80338137: "The polymorphism mode is not supported.",
        0x803381A6: "This user has reached the maximum number of concurrent operations.",
        0x803381AC: "The service is configured not to allow remote shells.",
        0x803381AD: "The resource URI of the Pull differs from the one of the Enumerate.",
        0x80041002: "The WMI object was not found.",
        0x80041003: "Access was denied by WMI.",
        0x80041008: "A parameter is not valid.",
        0x8004100E: "The CIM namespace in the resource URI is invalid.",
        0x80041010: "The specified class does not exist in the given namespace.",
        0x80041017: "The query is not valid.",
        0x80041024: "The provider is not capable of the operation.",
        0x8004102F: "The parameters of the method are not valid.",
    },
    "ja-JP": {
        0: "要求はコード 0x{0:08X} で失敗しました。",
        5: "アクセスが拒否されました。",
        0x80338000: "リソース URI とセレクターで指定されたリソースが見つかりません。",
        0x80338013: "WS-Management サービスは、要求で指定されたアクションをサポートしていません。",
        0x8033801A: "WS-Management サービスはフィルターを処理できません。",
        0x8033801B: "列挙コンテキストが無効です。",
        0x80338029: "WS-Management サービスは、OperationTimeout で指定された時間内に操作を完了できません。",
        0x80338041: "XML がスキーマに対して無効なため、WS-Management サービスは要求を処理できません。",
        0x803381A6: "このユーザーは、同時操作の最大数に達しました。",
        0x80041002: "WMI オブジェクトが見つかりません。",
        0x8004100E: "リソース URI の CIM 名前空間が無効です。",
        0x80041010: "CIM 名前空間にクラスが存在しません。",
        0x80041017: "クエリが無効です。",
    },
}
