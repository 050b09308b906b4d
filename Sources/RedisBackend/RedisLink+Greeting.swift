import Bytes
import StreamingCore

extension RedisLink {
    /// Says who we are and has the server prove that it answers: a connection counts as open only after that, because
    /// the kernel also accepts connections for a server that hangs.
    func greet(_ settings: RedisSettings, reading reader: ReplyReader) throws(RedisFailure) {
        var commands: [[RedisCommands.Argument]] = []
        if let password = settings.password {
            commands.append(["AUTH"] + (settings.user.map { [.text($0)] } ?? []) + [.text(password.reveal())])
        }
        if settings.database != 0 { commands.append(["SELECT", .number(Int64(settings.database))]) }
        commands.append(["PING"])
        var pipeline = Pipeline()
        let deadline = ContinuousClock.now + settings.connectTimeMax
        pipeline.append(RedisRequest(commands: RedisCommands(commands), deadline: deadline) { _ in })
        while true {
            try send(&pipeline)
            guard ContinuousClock.now < deadline else { throw .timedOut }
            _ = wait(for: pipeline.hasUnsent ? .readableOrWritable : .readable, until: deadline, waking: nil)
            _ = try receive(into: reader)
            while let reply = try reader.next() {
                if case .error(let code) = reply { throw .refused(code: code) }
                guard case .status(let word) = reply else { throw .nonsense }
                guard let finished = try pipeline.received(reply) else { continue }
                guard word == Bytes(utf8: "PONG"), finished.replies.count == commands.count else { throw .nonsense }
                return
            }
        }
    }
}
