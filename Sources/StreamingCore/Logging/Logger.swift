/// Writes structured log lines: one JSON object a line, a constant message, and data under dotted keys.
public struct Logger: Sendable {
    private let sink: any LogSink
    private let level: LogLevel
    private let clock: any WallClock
    private var metadata: [(String, LogValue)]

    /// - Parameter service: The name of the part that logs, the value of `service` in every line.
    public init(
        service: String, level: LogLevel, sink: any LogSink = StandardErrorSink.shared,
        clock: any WallClock = SystemWallClock()
    ) {
        self.sink = sink
        self.level = level
        self.clock = clock
        metadata = [("service", .text(service))]
    }

    /// The same logger with one more field in every line.
    public func with(_ key: String, _ value: LogValue) -> Logger {
        var copy = self
        copy.metadata.removeAll { $0.0 == key }
        copy.metadata.append((key, value))
        return copy
    }

    public func debug(_ message: StaticString, _ fields: KeyValuePairs<String, LogValue> = [:]) {
        write(.debug, message, fields)
    }
    public func info(_ message: StaticString, _ fields: KeyValuePairs<String, LogValue> = [:]) {
        write(.info, message, fields)
    }
    public func warning(_ message: StaticString, _ fields: KeyValuePairs<String, LogValue> = [:]) {
        write(.warning, message, fields)
    }
    public func error(_ message: StaticString, _ fields: KeyValuePairs<String, LogValue> = [:]) {
        write(.error, message, fields)
    }

    private func write(_ level: LogLevel, _ message: StaticString, _ fields: KeyValuePairs<String, LogValue>) {
        guard level >= self.level else { return }
        var line = "{\"time\":\"\(clock.now())\",\"level\":\"\(level.rawValue)\""
        for (key, value) in metadata { append(key, value, to: &line) }
        append("message", .text(message.description), to: &line)
        for (key, value) in fields { append(key, value, to: &line) }
        sink.write(line + "}\n")
    }

    private func append(_ key: String, _ value: LogValue, to line: inout String) {
        line += ",\(quoted(key)):"
        switch value {
        case .text(let text): line += quoted(text)
        case .number(let number): line += String(number)
        case .flag(let flag): line += flag ? "true" : "false"
        }
    }
}

/// A JSON string (RFC 8259, 7), cut at a length that no honest field has.
private func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars.prefix(LogLimits.fieldCharactersMax) {
        switch scalar {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case "\r": out += "\\r"
        case "\t": out += "\\t"
        case _ where scalar.value < 0x20 || scalar.value == 0x7F:
            let hex = String(scalar.value, radix: 16)
            out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out + "\""
}

/// Bounds of the log.
public enum LogLimits {
    /// A longer field is cut.
    public static let fieldCharactersMax = 2000
    /// Lines that may wait for a slow standard error; more are dropped and counted.
    public static let linesWaitingMax = 4096
}
