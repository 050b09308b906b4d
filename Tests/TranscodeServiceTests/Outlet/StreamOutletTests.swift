import Bytes
import Media
import Packaging
import StreamingCore
import TestKit
import Testing

@testable import TranscodeService

/// What the outlet does when the store that processes share loses everything, with real packaged audio.
@Suite struct StreamOutletTests {
    private let store = SharedStore()
    private let clock = ManualClock()
    private let outlet: StreamOutlet
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1))

    init() {
        outlet = StreamOutlet(
            IdleReader(stream: stream), store: store, timeline: store, snapshots: store, archive: nil,
            retained: RetainedWindows(configuration: LiveWindow.Configuration(), retentionMilliseconds: 60_000),
            clock: clock, logger: Logger(service: "test", level: .error, sink: RecordingSink()))
    }

    /// An encoder of audio and its packager.
    private struct Encoder {
        var packager = Packager()
        let track: Track
        var index: Int64 = 0

        init() throws { track = Track(.aac(try AACConfiguration(specificConfig: [0x11, 0x90]))) }

        mutating func begin() -> [PackagerOutput] {
            packager.append(
                .began(
                    BroadcastOrigin(
                        unixMilliseconds: 1_800_000_000_000, firstSegmentNumber: 100, firstDiscontinuitySequence: 0)))
        }

        /// A frame of 21 ms.
        mutating func next() -> [PackagerOutput] {
            defer { index += 1 }
            return packager.append(
                .frame(
                    Frame(
                        track: track, decodeTime: index * 1024, isKeyframe: true, receivedUnixMilliseconds: 0,
                        payload: [0x21, 0x10, UInt8(truncatingIfNeeded: index)])))
        }
    }

    private func play(_ encoder: inout Encoder, frames: Int) async {
        for _ in 0..<frames { for output in encoder.next() { await outlet.carryOut(output) } }
    }

    /// Plays to the middle of a segment.
    private func begin(_ encoder: inout Encoder) async {
        for output in encoder.begin() { await outlet.carryOut(output) }
        await play(&encoder, frames: 9 * 47)
    }

    private var window: LiveWindow {
        var window = LiveWindow()
        for event in store.announced { _ = window.apply(event) }
        return window
    }

    /// The names that a player at the live edge may ask for: parts of the open segment, and the two before it.
    private func edge(_ window: LiveWindow) throws -> Set<String> {
        let audio = try #require(window.rendition(named: "audio"))
        var names = Set(audio.openParts.map(\.name))
        for entry in audio.entries.suffix(2) {
            names.insert(entry.segment.name)
            names.formUnion(entry.parts.map(\.name))
        }
        names.formUnion(window.runs.flatMap(\.renditions).map(\.initializationName))
        return names
    }

    @Test func `a store that was emptied has the live edge again with the next announcement`() async throws {
        var encoder = try Encoder()
        await begin(&encoder)
        let names = try edge(window)
        #expect(names.count > 10 && names.isSubset(of: store.names))
        let bytes = Dictionary(uniqueKeysWithValues: names.map { ($0, store.bytes(of: $0)) })
        store.empty()
        let count = store.announced.count
        while store.announced.count == count { await play(&encoder, frames: 1) }
        #expect(names.isSubset(of: store.names), "\(names.subtracting(store.names).sorted())")
        for (name, before) in bytes { #expect(store.bytes(of: name) == before) }
        #expect(store.recordCount >= window.events.count - 1, "late comers get the whole window")
    }

    @Test func `a store that was away has the live edge again as soon as it takes something`() async throws {
        var encoder = try Encoder()
        await begin(&encoder)
        let names = try edge(window)
        store.empty()
        store.fail(3)
        while store.puts.isEmpty { await play(&encoder, frames: 1) }
        #expect(store.failures == 3)
        #expect(names.isSubset(of: store.names))
        // Also what was announced meanwhile.
        #expect(try edge(window).isSubset(of: store.names))
    }

    @Test func `a segment is whole although the store did not take one of its parts`() async throws {
        var encoder = try Encoder()
        await begin(&encoder)
        let number = try #require(window.rendition(named: "audio")?.openParts.first).segmentNumber
        // More often than it is tried.
        let parts = try #require(window.rendition(named: "audio")).openParts.count
        store.fail(1000)
        let before = store.announced.count
        while store.announced.count == before { await play(&encoder, frames: 1) }
        #expect(window.rendition(named: "audio")?.openParts.count == parts + 1, "it is announced all the same")
        store.fail(0)
        while window.entry(of: number, in: "audio") == nil { await play(&encoder, frames: 1) }
        let segment = try #require(window.entry(of: number, in: "audio")).segment
        var joined = ByteWriter()
        for index in 0..<segment.partCount {
            joined.write(try #require(store.bytes(of: "audio/segment-\(number).\(index).m4s")))
        }
        let whole = joined.finish()
        #expect(store.bytes(of: segment.name) == whole && whole.count == segment.byteCount)
    }

    @Test func `while the store keeps what it has nothing is stored twice`() async throws {
        var encoder = try Encoder()
        for output in encoder.begin() { await outlet.carryOut(output) }
        await play(&encoder, frames: 60 * 47)
        let segments = store.puts.filter { !$0.contains("init") }
        #expect(Set(segments).count == segments.count)
        #expect(store.replacements == 1, "once at the beginning, and so far never too long")
    }

    @Test func `nothing of a broadcast that is over is stored again`() async throws {
        var encoder = try Encoder()
        await begin(&encoder)
        for output in encoder.packager.append(.ended) { await outlet.carryOut(output) }
        store.empty()
        await outlet.carryOut(.store(StoredObject(kind: .thumbnail, name: "thumbnail-1.jpg", chunks: [[1]])))
        await outlet.carryOut(.announce(.thumbnail(1)))
        #expect(store.puts.filter { $0.hasPrefix("audio/segment") }.isEmpty)
    }
}
