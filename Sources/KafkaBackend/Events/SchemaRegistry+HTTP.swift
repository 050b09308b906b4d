internal import Bytes
internal import HTTP
internal import HTTPClient
public import StreamingCore

// Confluent's interface, as far as it is needed (Schema Registry API Reference, "Subjects", "Schemas"):
//
//   POST /subjects/{subject}/versions   {"schema": "…"}   200   {"id": 1}
//   GET  /schemas/ids/{id}                                200   {"schema": "…"}
//   errors                                                4xx   {"error_code": 42201, "message": "…"}

extension SchemaRegistry {
    /// A registry with Confluent's interface over HTTP.
    ///
    /// What it does not answer in ``SchemaRegistryLimits/answerMilliseconds`` has failed; nothing is tried twice here.
    ///
    /// - Parameter url: `http://` or `https://`, with a path where the registry has one, and `user:password@` where it
    ///   asks for them.
    /// - Throws: ``StreamError/invalidValue(field:reason:)``, without the URL.
    public static func http(_ url: Secret) throws(StreamError) -> SchemaRegistry {
        let client = try SchemaRegistryClient(url)
        return SchemaRegistry(
            register: { schema, subject in try await client.register(schema, subject) },
            schema: { id in try await client.schema(id) })
    }
}

/// Bounds of what is asked of a schema registry.
public enum SchemaRegistryLimits {
    /// How long one answer may take, in milliseconds.
    public static let answerMilliseconds: Int64 = 3000
    /// The longest answer, in bytes.
    public static let answerBytesMax = 1 << 20
}

private struct SchemaRegistryClient: Sendable {
    private static let mediaType = "application/vnd.schemaregistry.v1+json"

    private let base: Secret
    private let thread: TransferThread

    init(_ url: Secret) throws(StreamError) {
        var text = url.reveal()
        while text.hasSuffix("/") { text.removeLast() }
        guard text.hasPrefix("http://") || text.hasPrefix("https://"),
            text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), !text.contains("?"), !text.contains("#")
        else {
            throw .invalidValue(
                field: "schema registry's URL", reason: "must be http:// or https://, a host, and maybe a path")
        }
        base = Secret(text)
        thread = TransferThread(name: "schema-registry", connectionsMax: 2)
    }

    func register(_ schema: String, _ subject: String) async throws(StreamError) -> Int32 {
        let document = JSONText.object(["schema": schema])
        // A subject is made of what topics' names are made of, which needs no encoding.
        let answer = try await send(.post, "/subjects/\(subject)/versions", document)
        guard let number = answer["id"]?.integer, let id = Int32(exactly: number) else { throw Self.unreadable }
        return id
    }

    func schema(_ id: Int32) async throws(StreamError) -> String {
        let answer = try await send(.get, "/schemas/ids/\(id)")
        // Only schemas in another language than Avro say which.
        guard let schema = answer["schema"]?.text, answer["schemaType"].map({ $0.text == "AVRO" }) ?? true else {
            throw Self.unreadable
        }
        return schema
    }

    private func send(_ method: Exchange.Method, _ path: String, _ document: Bytes? = nil)
        async throws(StreamError) -> JSONObject
    {
        var fields = [(name: "accept", value: "\(Self.mediaType), application/json")]
        if document != nil { fields.append(("content-type", Self.mediaType)) }
        let exchange = Exchange(
            method: method, address: base.reveal() + path, fields: fields, body: document.map { [$0] } ?? [],
            answerBytesMax: SchemaRegistryLimits.answerBytesMax, needsLength: false,
            deadline: .now + .milliseconds(SchemaRegistryLimits.answerMilliseconds), stallSecondsMax: 3)
        let answer: Answer
        do throws(TransferFailure) { answer = try await thread.perform(exchange) } catch {
            throw .network(reason: "schema registry: \(error)")
        }
        let members = (try? JSONValue(reading: answer.document))?.object
        guard 200..<300 ~= answer.status else {
            let code = members?["error_code"]?.integer.map { ", error \($0)" } ?? ""
            throw .network(reason: "schema registry: refused with \(answer.status)\(code)")
        }
        guard let members else { throw Self.unreadable }
        return members
    }

    private static var unreadable: StreamError { .network(reason: "schema registry: an answer that is none") }
}
