import Bytes
import Foundation
import KafkaBackend
import Media
import StreamingCore
import Synchronization
import TestKit

/// Measures the way from `ingest` to `transcode` and that of events, through a broker.
///
/// - Parameter brokers: One that nobody else uses: topics stay behind.
func measureKafka(_ brokers: String) async throws {
    try await measureFrames(brokers, count: 40_000, payloadBytes: 1000)
    try await measureFrames(brokers, count: 20_000, payloadBytes: 12_500)
    try await measureFrames(brokers, count: 4000, payloadBytes: 100_000)
    try await measureFrameLatency(brokers)
    try await measureEvents(brokers, count: 1_000_000)
    let cluster = try await cluster(brokers)
    try await measureViewerEvents(cluster, count: 10_000_000)
    await cluster.close()
}

private func cluster(_ brokers: String) async throws -> KafkaCluster {
    var configuration = KafkaConfiguration(brokers: brokers)
    configuration.prefix = "bench-\(UInt32.random(in: .min ... .max))-"
    configuration.partitions = 4
    return try await KafkaCluster.open(
        configuration, leases: MemoryPartitionLeases(), logger: Logger(service: "bench", level: .error))
}

private func stream(_ index: Int) -> StreamID { StreamID(at: WallTime(unixMilliseconds: Int64(index))) }

private func track() throws -> Track {
    Track(
        .avc(
            try AVCConfiguration(
                sequenceParameterSets: [
                    [
                        0x67, 0x64, 0x00, 0x1F, 0xAC, 0xD9, 0x40, 0x50, 0x05, 0xBB, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00,
                        0x10, 0x00, 0x00, 0x03, 0x03, 0xC0, 0xF1, 0x83, 0x19, 0x60,
                    ]
                ], pictureParameterSets: [[0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0]])))
}

private func openWriters(_ cluster: KafkaCluster, count: Int) async throws -> [any FrameLogWriter] {
    var writers: [any FrameLogWriter] = []
    for index in 0..<count {
        let writer = try await cluster.frames.openWriter(for: stream(index))
        try writer.append(
            .began(BroadcastOrigin(unixMilliseconds: 0, firstSegmentNumber: 1, firstDiscontinuitySequence: 0)))
        writers.append(writer)
    }
    return writers
}

/// As many frames as go through with eight streams, each read and committed.
private func measureFrames(_ brokers: String, count: Int, payloadBytes: Int) async throws {
    let streams = 8
    let cluster = try await cluster(brokers)
    let read = Atomic(0)
    let following = Task {
        await cluster.frames.follow { reader in
            while let batch = await reader.next() {
                read.add(batch.entries.count, ordering: .relaxed)
                reader.commit(
                    FrameLogCheckpoint(position: batch.firstPosition + Int64(batch.entries.count), state: [1]))
            }
        }
    }
    let writers = try await openWriters(cluster, count: streams)
    try await until("the streams are read") { read.load(ordering: .relaxed) == streams }
    let payload = Bytes([UInt8](repeating: 7, count: payloadBytes))
    let track = try track()
    let began = ContinuousClock.now
    for number in 0..<count {
        // What waits stays below what a reader may hold back.
        while (number - read.load(ordering: .relaxed) + streams) * payloadBytes > 4 << 20 {
            try await Task.sleep(for: .microseconds(200))
        }
        try writers[number % streams].append(
            .frame(
                Frame(
                    track: track, decodeTime: Int64(number), isKeyframe: number / streams % 60 == 0, payload: payload)))
    }
    try await until("all is read") { read.load(ordering: .relaxed) == count + streams }
    let seconds = began.duration(to: .now) / .seconds(1)
    print(
        "frames of \(payloadBytes) bytes, written and read in one process: \(Int(Double(count) / seconds))/s,"
            + " \(Int(Double(count * payloadBytes) / seconds / 1e6)) MB/s")
    following.cancel()
    await following.value
    await cluster.close()
}

/// How long a frame takes from its writer to its reader at the pace of ten broadcasts.
private func measureFrameLatency(_ brokers: String) async throws {
    let cluster = try await cluster(brokers)
    let began = ContinuousClock.now
    let times = Mutex<[Duration]>([])
    let following = Task {
        await cluster.frames.follow { reader in
            while let batch = await reader.next() {
                let now = began.duration(to: .now)
                times.withLock { times in
                    for case .frame(let frame) in batch.entries where frame.decodeTime > 0 {
                        times.append(now - .microseconds(frame.decodeTime))
                    }
                }
            }
        }
    }
    let writers = try await openWriters(cluster, count: 10)
    let track = try track()
    let payload = Bytes([UInt8](repeating: 7, count: 12_500))
    for number in 0..<300 {
        // The first second is for the readers to come.
        let time = number < 30 ? 0 : Int64(began.duration(to: .now) / .microseconds(1))
        for writer in writers {
            try writer.append(
                .frame(Frame(track: track, decodeTime: time, isKeyframe: number % 60 == 0, payload: payload)))
        }
        try await Task.sleep(for: .milliseconds(33))
    }
    try await until("all is read") { times.withLock { $0.count } == 2700 }
    let sorted = times.withLock { $0.sorted() }
    let milliseconds = [50, 99].map { String(format: "%.1f", sorted[sorted.count * $0 / 100] / .milliseconds(1)) }
    print(
        "frames of ten streams at 30/s, from writer to reader: median \(milliseconds[0]) ms, 99% \(milliseconds[1]) ms")
    following.cancel()
    await following.value
    await cluster.close()
}

/// Events as fast as they are appended, and as fast as a follower has them.
private func measureEvents(_ brokers: String, count: Int) async throws {
    let cluster = try await cluster(brokers)
    let heard = Atomic(0)
    let following = Task { await cluster.events.follow { _ in heard.add(1, ordering: .relaxed) } }
    // A follower hears what is appended after it has found the end of the log.
    let first = stream(0)
    try await until("the follower hears") {
        try? await cluster.events.append(
            StreamEvent(streamID: first, at: WallTime(unixMilliseconds: 5), kind: .started))
        return heard.load(ordering: .relaxed) > 0
    }
    try await Task.sleep(for: .milliseconds(500))
    let before = heard.load(ordering: .relaxed)
    let began = ContinuousClock.now
    for number in 0..<count {
        while cluster.waitingBytes > 24 << 20 { try await Task.sleep(for: .milliseconds(1)) }
        try await cluster.events.append(
            StreamEvent(
                streamID: stream(number % 100), at: WallTime(unixMilliseconds: 5), kind: .ended(.graceExpired)))
    }
    let appended = began.duration(to: .now) / .seconds(1)
    try await until("all is heard") { heard.load(ordering: .relaxed) - before >= count }
    let seconds = began.duration(to: .now) / .seconds(1)
    print(
        "events: appended \(Int(Double(count) / appended))/s, written, read and decoded in one process"
            + " \(Int(Double(count) / seconds))/s")
    following.cancel()
    await following.value
    await cluster.close()
}

/// Waits for a condition, a minute at most.
func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw LoadFailure("it did not happen that \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
