import Bytes
import Foundation
import Media
import StreamingCore
import Testing

@testable import KafkaBackend

@Suite struct EventCodecTests {
    private let stream = StreamID(at: Samples.noon)

    private func event(_ kind: StreamEvent.Kind) -> StreamEvent {
        StreamEvent(streamID: stream, at: Samples.noon, kind: kind)
    }

    private static let report = LadderReport(
        renditions: [
            .init(
                name: "1080p", size: PictureSize(width: 1920, height: 1080), frameRate: Ratio(30_000, 1001),
                bitsPerSecond: 6_000_000, mode: .copy),
            .init(name: "ton", size: nil, bitsPerSecond: 128_000, mode: .encode(encoder: "aac")),
        ],
        copyRefusal: "Schlüsselbilder sind 8 s auseinander 🎞",
        degradation: .init(shedRenditions: ["720p", "480p"], reason: "2 s behind"), preset: "superfast",
        realTimeFactor: 1.25, lagMilliseconds: 2000)

    private static let kinds: [StreamEvent.Kind] = [
        .started, .interrupted, .resumed, .ended(.graceExpired), .deleted, .keyRevoked(keyID: UUIDv7(at: Samples.noon)),
        .renditionsChanged(report), .renditionsChanged(LadderReport(renditions: [])),
        .transcodingRefused(reason: ""), .transcodingFailed(rendition: nil, reason: "stalled"),
    ]

    @Test func `every kind is read as it was written, one after the other with one schema`() throws {
        let schema = try AvroSchema(EventSchema.current.text)
        for kind in Self.kinds + Self.kinds.reversed() {
            let event = event(kind)
            let bytes = try schema.encode(
                event, traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", after: [])
            #expect(try schema.decodeEvent(bytes) == event)
        }
    }

    // MARK: Evolution

    /// The schema as a later version might have it: more fields, one of them before others, and one more kind.
    private static let later: String = {
        EventSchema.current.text
            .replacingOccurrences(
                of: #"{"name": "stream", "type": "string""#,
                with: #"{"name": "region", "type": "string", "default": "here"}, {"name": "stream", "type": "string""#
            )
            .replacingOccurrences(
                of: #""fields": [{"name": "key", "type": "string""#,
                with:
                    #""fields": [{"name": "by", "type": ["null", "long"], "default": null}, "#
                    + #"{"name": "key", "type": "string""#
            )
            .replacingOccurrences(
                of: #"{"type": "record", "name": "Started""#,
                with:
                    #"{"type": "record", "name": "Announced", "fields": [{"name": "at", "type": "long"}]}, "#
                    + #"{"type": "record", "name": "Started""#
            )
    }()
    /// The schema as an earlier version might have had it: without fields that now have defaults.
    private static let earlier = EventSchema.current.text
        .replacingOccurrences(
            of: #"{"name": "traceparent", "type": ["null", "string"], "default": null, "doc": "W3C Trace Context."},"#,
            with: ""
        )
        .replacingOccurrences(
            of:
                #"{"name": "rendition", "type": ["null", "string"], "default": null, "#
                + #""doc": "null: the whole broadcast."},"#,
            with: "")

    /// A union's branch and what goes into it, in Avro's binary encoding.
    private func text(_ text: String) -> [UInt8] { zigzag(Int64(text.utf8.count)) + Array(text.utf8) }

    private func zigzag(_ value: Int64) -> [UInt8] {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        var bytes: [UInt8] = []
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    @Test func `a reader of today reads what a later version writes, and passes over kinds that it does not know`()
        throws
    {
        #expect(Self.later != EventSchema.current.text)
        let schema = try AvroSchema(Self.later)
        let (id, key) = (UUIDv7(at: Samples.noon), UUIDv7(at: Samples.noon))
        let head =
            text(id.description) + text("there") + text(stream.description) + zigzag(Samples.noon.unixMilliseconds)
            + zigzag(0)
        // The sixth kind of today is the seventh there.
        let revoked = head + zigzag(6) + zigzag(1) + zigzag(-77) + text(key.description)
        #expect(
            try schema.decodeEvent(Bytes(revoked))
                == StreamEvent(id: id, streamID: stream, at: Samples.noon, kind: .keyRevoked(keyID: key)))
        #expect(try schema.decodeEvent(Bytes(head + zigzag(0) + zigzag(5))) == nil)
    }

    @Test func `a reader of today reads what an earlier version wrote, with defaults for what was not there`() throws {
        #expect(Self.earlier != EventSchema.current.text)
        let schema = try AvroSchema(Self.earlier)
        let id = UUIDv7(at: Samples.noon)
        let bytes =
            text(id.description) + text(stream.description) + zigzag(Samples.noon.unixMilliseconds) + zigzag(8)
            + text("no memory")
        #expect(
            try schema.decodeEvent(Bytes(bytes))
                == StreamEvent(
                    id: id, streamID: stream, at: Samples.noon,
                    kind: .transcodingFailed(rendition: nil, reason: "no memory")))
    }

    /// Decodes on a thread of its own, which may wait for the registry.
    private func decode(
        _ record: Bytes, registry: SchemaRegistry?
    ) async throws -> EventDecoder.Outcome {
        let outcome: Result<EventDecoder.Outcome, any Error> = await withCheckedContinuation { continuation in
            KafkaThread.start("decoder") {
                continuation.resume(
                    returning: Result {
                        let known = EventSchema(text: Self.earlier, canonicalForm: "earlier")
                        return try EventDecoder(registry: registry, known: [known]).decode(record)
                    })
            }
        }
        return try outcome.get()
    }

    @Test func `an earlier reader that is told a later schema reads the records of today`() async throws {
        // What an earlier version knows is in the record by name, wherever the later schema puts it.
        let event = event(.transcodingFailed(rendition: "720p", reason: "no memory"))
        let bytes = try AvroSchema(EventSchema.current.text).encode(event, after: [])
        let framed = Bytes(EventSchemaMark.registered(9).header.array + bytes.array)
        let registry = SchemaRegistry(register: { _, _ in 1 }, schema: { _ in EventSchema.current.text })
        #expect(try await decode(framed, registry: registry) == .event(event))
        #expect(try await decode(framed, registry: nil) == .unknownSchema(.registered(9)))
    }

    // MARK: Framing

    @Test func `without a registry a record has Avro's single-object encoding`() throws {
        let event = event(.started)
        let header = EventSchemaMark.fingerprint(EventSchema.current.fingerprint).header
        #expect(header.array == [0xC3, 0x01, 0x8B, 0xB1, 0x21, 0x3B, 0x96, 0x1A, 0xA3, 0xC4])
        let bytes = try AvroSchema(EventSchema.current.text).encode(event, after: header)
        #expect(try EventDecoder().decode(bytes) == .event(event))
    }

    @Test func `with a registry a record has Confluent's wire format`() {
        #expect(EventSchemaMark.registered(258).header == [0, 0, 0, 1, 2])
        #expect(EventSchemaMark.read([0, 0, 0, 1, 2, 9])?.mark == .registered(258))
        #expect(EventSchemaMark.read([0, 0, 0, 1, 2, 9])?.body == [9])
    }

    @Test func `fingerprints are those of the Avro specification`() {
        #expect(EventSchema.fingerprint(of: #""null""#) == 0x63DD_24E7_CC25_8F8A)
        #expect(EventSchema.fingerprint(of: #""int""#) == 0x7275_D51A_3F39_5C8F)
    }

    @Test func `the canonical form is that of the schema`() throws {
        #expect(try AvroSchema(EventSchema.current.text).isEqual(to: try AvroSchema(EventSchema.current.canonicalForm)))
        #expect(!EventSchema.current.canonicalForm.contains("\n"))
    }

    @Test func `the schema in the folder is the one that is used`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try String(contentsOf: root.appending(path: "schemas/stream-event.avsc"), encoding: .utf8)
        #expect(file == EventSchema.current.text + "\n")
    }

    // MARK: Hostile records

    @Test func `hostile records never trap`() throws {
        var random = SplitMix64(state: 4)
        let schema = try AvroSchema(EventSchema.current.text)
        let decoder = try EventDecoder()
        let header = EventSchemaMark.fingerprint(EventSchema.current.fingerprint).header
        for turn in 0..<3000 {
            let kind = Self.kinds[turn % Self.kinds.count]
            var bytes = try schema.encode(event(kind), after: header).array
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                bytes[Int.random(in: 10..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            if turn % 3 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            _ = decoder.decode(Bytes(bytes))
        }
        for bytes in [[], [0], [0xC3], [0, 0, 0, 0, 1], [7, 7, 7]] as [[UInt8]] {
            if case .event = decoder.decode(Bytes(bytes)) { Issue.record("an event out of nothing") }
        }
    }

    @Test func `a length that no memory has is refused`() throws {
        let schema = try AvroSchema(EventSchema.current.text)
        #expect(throws: AvroFailure.unreadableRecord) { try schema.decodeEvent(Bytes(zigzag(1 << 40) + [1, 2, 3])) }
        #expect(throws: AvroFailure.unreadableRecord) { try schema.decodeEvent(Bytes(zigzag(-5) + [1, 2, 3])) }
    }
}
