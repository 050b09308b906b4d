import Bytes
import Foundation
import Network
import RTMP

/// Publishes a clip in real time, again and again with timestamps that go on, and prints a line for each picture as it
/// begins to leave: its number, its timestamp in milliseconds, and the time in microseconds since the Unix epoch.
///
/// - Parameters:
///   - url: `rtmp://HOST[:PORT]/APPLICATION/KEY`.
///   - seconds: When to say goodbye.
func publishClip(_ path: String, to url: String, seconds: Int) async throws {
    guard let target = URLComponents(string: url), target.scheme == "rtmp", let host = target.host else {
        refuseArguments()
    }
    let names = target.path.split(separator: "/", maxSplits: 1)
    guard names.count == 2 else { refuseArguments() }
    var script = PublishScript(name: String(names[1]))
    script.application = String(names[0])
    script.url = "rtmp://\(host)/\(names[0])"
    let clip = try FLVFile(path: path)
    let address = try SocketAddress(host: host, port: UInt16(target.port ?? 1935))
    let loops = try EventLoopGroup(count: 1)
    let (settled, limit) = (script, Duration.seconds(seconds))
    try await TCPConnection.withConnection(to: address, on: loops.any()) { connection in
        let publisher = ClipPublisher(connection, settled)
        try await publisher.begin()
        try await withThrowingTaskGroup { group in
            group.addTask { try await publisher.listen() }
            group.addTask { try await publisher.publish(clip, for: limit) }
            try await group.next()
            group.cancelAll()
        }
    }
}

/// `RTMP`'s client session on a connection, in step with the clock.
private actor ClipPublisher {
    private let connection: TCPConnection
    private var session: ClientSession

    init(_ connection: TCPConnection, _ script: PublishScript) {
        self.connection = connection
        session = ClientSession(script, seed: .random(in: .min ... .max))
    }

    /// Handshake and commands, up to the permission to send.
    func begin() async throws {
        try await sendOutput()
        while let bytes = try await connection.read() {
            try session.receive(bytes)
            try await sendOutput()
            while let event = session.nextEvent() { if event == .publishStarted { return } }
        }
        throw NetworkError.connectionClosed
    }

    /// Reads what the server says until it ends the publication, which is a failure.
    func listen() async throws {
        while let bytes = try await connection.read(before: .never) {
            try session.receive(bytes)
            while let event = session.nextEvent() {
                if case .ended(let code) = event { throw RTMPFailure.refused(code: code) }
            }
        }
        throw NetworkError.connectionClosed
    }

    /// Every message leaves at its own time since the first one. What is late does not move what comes after it.
    func publish(_ clip: FLVFile, for limit: Duration) async throws {
        let began = ContinuousClock.now
        var number = 0
        var loopStart: UInt32 = 0
        while true {
            var pictures = PictureTimes()
            while var message = try clip.next() {
                if message.isPicture { pictures.append(message.timestamp) }
                // The headers have been said with the first round.
                guard message.isMedia || loopStart == 0 else { continue }
                message.timestamp &+= loopStart
                let due = Duration.milliseconds(Int64(message.timestamp))
                guard due < limit else { return try await finish() }
                try await Task.sleep(until: began + due, tolerance: .zero, clock: .continuous)
                if message.isPicture {
                    try tell(number, message.timestamp)
                    number += 1
                }
                session.send(message)
                try await sendOutput()
            }
            guard let milliseconds = pictures.durationMilliseconds else {
                throw BenchmarkFailure(what: "pictures in the clip, at least", expected: 2, found: number)
            }
            loopStart += milliseconds
            try clip.rewind()
        }
    }

    private func finish() async throws {
        session.close()
        try await sendOutput()
    }

    private func tell(_ number: Int, _ timestamp: UInt32) throws {
        let microseconds = Int64(Date().timeIntervalSince1970 * 1_000_000)
        try FileHandle.standardOutput.write(contentsOf: Data("\(number) \(timestamp) \(microseconds)\n".utf8))
    }

    private func sendOutput() async throws {
        let output = session.takeOutput()
        if !output.isEmpty { try await connection.write(output) }
    }
}

/// The times of a clip's pictures, which say how long the clip is.
private struct PictureTimes {
    private var count: UInt32 = 0
    private var first: UInt32 = 0
    private var last: UInt32 = 0

    mutating func append(_ milliseconds: UInt32) {
        if count == 0 { first = milliseconds }
        last = milliseconds
        count += 1
    }

    /// With the last picture as long as the others are on average; `nil` for less than two.
    var durationMilliseconds: UInt32? {
        count > 1 ? ((last - first) * count + (count - 1) / 2) / (count - 1) : nil
    }
}
