import Bytes
import Network
import RTMP
import TestKit

/// An encoder that does on command what no real one does: sends any message with any timestamp, sends what is no
/// message, or stops talking.
///
/// It is `RTMP`'s client session on a connection of `Network`.
actor ScriptedEncoder {
    private let connection: TCPConnection
    private var session: ClientSession

    private init(_ connection: TCPConnection, _ script: PublishScript) {
        self.connection = connection
        session = ClientSession(script, seed: .random(in: .min ... .max))
    }

    /// Connects, runs `body` and closes the connection.
    ///
    /// - Parameter key: Another key than the stream's.
    static func connect<Value: Sendable>(
        to stream: TestStream, on sluice: SluiceProcess, key: String? = nil,
        _ body: @escaping @Sendable (ScriptedEncoder) async throws -> Value
    ) async throws -> Value {
        let script = PublishScript(name: key ?? stream.key)
        return try await Wire.connect(to: sluice.rtmpPort) { try await body(ScriptedEncoder($0, script)) }
    }

    /// Connects to a port, runs `body` and closes the connection.
    static func connect<Value: Sendable>(
        to port: Int, as script: PublishScript, _ body: @escaping @Sendable (ScriptedEncoder) async throws -> Value
    ) async throws -> Value {
        try await Wire.connect(to: port) { try await body(ScriptedEncoder($0, script)) }
    }

    /// Handshake and commands, up to the permission to send.
    ///
    /// - Throws: `RTMPFailure.refused` with the status code when the server says no.
    func publish() async throws {
        try await sendOutput()
        while true {
            while let event = session.nextEvent() {
                switch event {
                case .publishStarted: return
                case .ended(let code): throw RTMPFailure.refused(code: code)
                case .reconnectRequested: continue
                }
            }
            guard let bytes = try await connection.read() else { throw NetworkError.connectionClosed }
            try session.receive(bytes)
            try await sendOutput()
        }
    }

    /// Sends messages as fast as the server takes them.
    func send(_ messages: [RawMessage]) async throws {
        for message in messages {
            session.send(message)
            try await sendOutput()
        }
    }

    /// Sends a clip again and again, each frame at its time, until the task is cancelled or the server closes.
    func broadcast(_ clip: FLVClip, seconds: Int) async {
        let start = ContinuousClock.now
        do {
            try await send(clip.headers)
            for round in 0... {
                for frame in clip.frames {
                    let message = frame.delayed(by: UInt32(round * seconds * 1000))
                    try await Task.sleep(until: start + .milliseconds(Int64(message.timestamp)))
                    try await send([message])
                }
            }
        } catch {
            // Either is how it is to end.
        }
    }

    /// Waits until the server asks for another connection.
    ///
    /// - Returns: The address that it names.
    /// - Throws: `RTMPFailure.refused` with the status code when it ends the publication instead.
    func reconnectRequest() async throws -> String? {
        while true {
            while let event = session.nextEvent() {
                switch event {
                case .reconnectRequested(let url): return url
                case .ended(let code): throw RTMPFailure.refused(code: code)
                case .publishStarted: continue
                }
            }
            guard let bytes = try await connection.read() else { throw NetworkError.connectionClosed }
            try session.receive(bytes)
        }
    }

    /// Sends bytes past the session.
    func send(raw bytes: Bytes) async throws { try await connection.write(bytes) }

    /// Says goodbye as FFmpeg does, and waits until the server closes too.
    func finish() async throws {
        session.close()
        try await sendOutput()
        try await connection.shutdownWrite()
        while try await connection.read() != nil {}
    }

    /// Waits until the server ends the publication.
    ///
    /// - Returns: The status code that says why; `nil` when the connection ended without one.
    func ending() async throws -> String? {
        while true {
            while let event = session.nextEvent() {
                if case .ended(let code) = event { return code }
            }
            do {
                guard let bytes = try await connection.read() else { return nil }
                try session.receive(bytes)
            } catch NetworkError.connectionReset {
                return nil
            }
        }
    }

    private func sendOutput() async throws {
        let output = session.takeOutput()
        if !output.isEmpty { try await connection.write(output) }
    }
}
