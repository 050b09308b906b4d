/// Where schemas of events are kept under numbers: a registry with Confluent's interface, behind closures, so that
/// tests need none; over HTTP it is ``http(_:)``.
public struct SchemaRegistry: Sendable {
    /// Registers a schema under a subject and returns its number; the same number when it is there already.
    public let register: @Sendable (_ schema: String, _ subject: String) async throws -> Int32
    /// The schema with a number.
    public let schema: @Sendable (_ id: Int32) async throws -> String

    public init(
        register: @escaping @Sendable (_ schema: String, _ subject: String) async throws -> Int32,
        schema: @escaping @Sendable (_ id: Int32) async throws -> String
    ) {
        self.register = register
        self.schema = schema
    }
}
