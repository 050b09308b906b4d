internal import Bytes
internal import Dispatch
internal import StreamingCore
internal import Synchronization

/// Reads events that were written with any schema that is known here or in the registry. For one thread of our own: it
/// blocks while the registry answers.
final class EventDecoder {
    /// What a record turned out to be.
    enum Outcome: Equatable {
        case event(StreamEvent)
        /// Of a kind that only newer versions know.
        case unknownKind
        /// Its schema cannot be had.
        case unknownSchema(EventSchemaMark)
        /// It is none of ours, or broken.
        case unreadable
    }

    /// Schemas that are kept; an honest registry gives few numbers.
    private static let schemasMax = 256
    /// How long the registry may take, in milliseconds.
    private static let registryMilliseconds = 10_000

    private let registry: SchemaRegistry?
    private var schemas: [EventSchemaMark: AvroSchema] = [:]
    private var breaker = CircuitBreaker()

    init(registry: SchemaRegistry? = nil, known: [EventSchema] = EventSchema.all) throws(StreamError) {
        self.registry = registry
        for schema in known {
            do throws(AvroFailure) {
                schemas[.fingerprint(schema.fingerprint)] = try AvroSchema(schema.text)
            } catch {
                throw .invalidValue(field: "schema of events", reason: "\(error)")
            }
        }
    }

    func decode(_ value: Bytes) -> Outcome {
        guard let (mark, body) = EventSchemaMark.read(value) else { return .unreadable }
        guard let schema = schema(mark) else { return .unknownSchema(mark) }
        do throws(AvroFailure) {
            return try schema.decodeEvent(body).map { .event($0) } ?? .unknownKind
        } catch {
            return .unreadable
        }
    }

    private func schema(_ mark: EventSchemaMark) -> AvroSchema? {
        if let known = schemas[mark] { return known }
        guard case .registered(let id) = mark, let registry, schemas.count < Self.schemasMax,
            breaker.admits(at: KafkaHealth.now())
        else { return nil }
        guard let text = ask(registry, id), let schema = try? AvroSchema(text) else {
            _ = breaker.failed(at: KafkaHealth.now(), random: .random(in: .min ... .max))
            return nil
        }
        _ = breaker.succeeded()
        schemas[mark] = schema
        return schema
    }

    private func ask(_ registry: SchemaRegistry, _ id: Int32) -> String? {
        let answer = RegistryAnswer()
        let asking = Task {
            answer.set(try? await registry.schema(id))
        }
        guard let text = answer.wait(milliseconds: Self.registryMilliseconds) else {
            asking.cancel()
            return nil
        }
        return text
    }
}

/// Carries a registry's answer to a thread that waits for it.
private final class RegistryAnswer: Sendable {
    private let text = Mutex<String?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ answer: String?) {
        text.withLock { $0 = answer }
        isThere.signal()
    }

    func wait(milliseconds: Int) -> String? {
        guard isThere.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else { return nil }
        return text.withLock { $0 }
    }
}
