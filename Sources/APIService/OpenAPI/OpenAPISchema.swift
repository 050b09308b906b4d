import StreamingCore

/// The building stones of JSON schemas (draft 2020-12, as OpenAPI 3.1 has them).
enum OpenAPISchema {
    static func ref(_ name: String) -> OpenAPIValue { ["$ref": .string("#/components/schemas/\(name)")] }

    /// An object that has all of these members; others may be added to answers at any time.
    static func object(_ members: KeyValuePairs<String, OpenAPIValue>, optional: Set<String> = []) -> OpenAPIValue {
        let properties = Dictionary(members.map { ($0.key, $0.value) }) { _, last in last }
        return [
            "type": "object", "properties": .object(properties),
            "required": .array(properties.keys.filter { !optional.contains($0) }.sorted().map(OpenAPIValue.string)),
        ]
    }

    static func list(of item: OpenAPIValue) -> OpenAPIValue { ["type": "array", "items": item] }
    static func orNull(_ schema: OpenAPIValue) -> OpenAPIValue { ["anyOf": [schema, ["type": "null"]]] }
    static func words(_ words: [String]) -> OpenAPIValue {
        ["type": "string", "enum": .array(words.map(OpenAPIValue.string))]
    }
    static func integer(_ range: ClosedRange<Int>) -> OpenAPIValue {
        ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
    }

    static let text: OpenAPIValue = ["type": "string"]
    static let flag: OpenAPIValue = ["type": "boolean"]
    static let count: OpenAPIValue = ["type": "integer", "minimum": 0]
    static let integer: OpenAPIValue = ["type": "integer"]
    static let number: OpenAPIValue = ["type": "number"]
    static let time: OpenAPIValue = ["type": "string", "format": "date-time"]
    static let rendition: OpenAPIValue = ["type": "string", "pattern": "^[a-z0-9_-]{1,32}$"]
    static let file: OpenAPIValue = ["type": "string", "pattern": "^[a-z0-9_-][a-z0-9._-]{0,63}$"]
    /// Where a page of sessions ends: a time and an id.
    static let cursor: OpenAPIValue = [
        "type": "string",
        "pattern": "^[0-9]{1,14}_[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    ]
    static let address: OpenAPIValue = ["type": "string", "format": "uri"]
    /// A UUIDv7, in small letters where we write it.
    static let id: OpenAPIValue = [
        "type": "string", "format": "uuid",
        "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$",
    ]
}
