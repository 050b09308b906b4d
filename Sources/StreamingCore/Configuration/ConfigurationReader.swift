/// One environment variable: its name, what it is without, a line of help, and how its text becomes a value.
struct ConfigurationVariable<Value: Sendable>: Sendable {
    let name: String
    /// The text that stands for a variable that is absent or empty.
    let fallback: String
    let help: String
    /// Gives the value, or throws what is wrong with the text as the end of a sentence.
    let parse: @Sendable (String) throws(ConfigurationReason) -> Value
}

/// Why a text is no value: `must be a number from 1 to 65535`.
struct ConfigurationReason: Error {
    let text: String
    init(_ text: String) { self.text = text }
}

/// One mistake in the configuration.
public struct ConfigurationMistake: Sendable, Equatable, CustomStringConvertible {
    public let variable: String
    public let reason: String
    public var description: String { "\(variable) \(reason)" }
}

/// Every mistake in the configuration at once, so that nobody has to find them one restart at a time.
public struct ConfigurationFailure: Error, Sendable, Equatable, CustomStringConvertible {
    public let mistakes: [ConfigurationMistake]
    public var description: String { mistakes.map { "  " + $0.description }.joined(separator: "\n") }
}

/// Reads variables and collects what is wrong with them.
struct ConfigurationReader {
    /// The environment, over an optional `.env`.
    let values: [String: String]
    private(set) var mistakes: [ConfigurationMistake] = []

    init(values: [String: String]) { self.values = values }

    /// The variable's value; on a mistake the fallback's, and the mistake is remembered.
    mutating func read<Value>(_ variable: ConfigurationVariable<Value>) -> Value {
        if let text = values[variable.name], !text.isEmpty {
            do { return try variable.parse(text) } catch {
                mistakes.append(ConfigurationMistake(variable: variable.name, reason: error.text))
            }
        }
        do { return try variable.parse(variable.fallback) } catch {
            preconditionFailure("the fallback of \(variable.name) \(error.text)")
        }
    }
}

extension ConfigurationVariable where Value == Int {
    static func number(_ name: String, _ fallback: Int, in range: ClosedRange<Int>, _ help: String) -> Self {
        Self(name: name, fallback: String(fallback), help: help) { text throws(ConfigurationReason) in
            guard let value = Int(text), range.contains(value) else {
                throw ConfigurationReason(
                    "must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
            }
            return value
        }
    }
}

extension ConfigurationVariable where Value == Int64 {
    /// Seconds with up to three decimals, held as milliseconds.
    ///
    /// - Parameter orZero: Whether 0 is allowed beside the range.
    static func seconds(
        _ name: String, _ fallback: String, in range: ClosedRange<Int64>, orZero: Bool = false, _ help: String
    ) -> Self {
        Self(name: name, fallback: fallback, help: help) { text throws(ConfigurationReason) in
            guard let value = Thousandths.read(text), range.contains(value) || orZero && value == 0 else {
                throw ConfigurationReason(
                    "must be \(orZero ? "0 or " : "")seconds \(Thousandths.words(for: range)), not '\(text)'")
            }
            return value
        }
    }
}

extension ConfigurationVariable where Value == Double {
    /// A part of a whole with up to three decimals; the range is in thousandths.
    static func share(
        _ name: String, _ fallback: String, in range: ClosedRange<Int64>, _ help: String
    ) -> Self {
        Self(name: name, fallback: fallback, help: help) { text throws(ConfigurationReason) in
            guard let value = Thousandths.read(text), range.contains(value) else {
                throw ConfigurationReason("must be a number \(Thousandths.words(for: range)), not '\(text)'")
            }
            return Double(value) / 1000
        }
    }
}

/// Numbers with up to three decimals.
private enum Thousandths {
    static func read(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = Int64(parts[0]), whole >= 0, whole < 1_000_000_000 else { return nil }
        guard parts.count == 2 else { return whole * 1000 }
        guard (1...3).contains(parts[1].count), parts[1].allSatisfy({ $0.isASCII && $0.isNumber }),
            let fraction = Int64(parts[1] + String(repeating: "0", count: 3 - parts[1].count))
        else { return nil }
        return whole * 1000 + fraction
    }

    static func words(for range: ClosedRange<Int64>) -> String {
        "from \(decimal(range.lowerBound)) to \(decimal(range.upperBound))"
    }

    private static func decimal(_ thousandths: Int64) -> String {
        guard thousandths % 1000 != 0 else { return String(thousandths / 1000) }
        var digits = String(1000 + thousandths % 1000).dropFirst()
        while digits.hasSuffix("0") { digits = digits.dropLast() }
        return "\(thousandths / 1000).\(digits)"
    }
}

extension ConfigurationVariable where Value == Secret? {
    /// Something that is sent in a header field; empty is none.
    static func token(_ name: String, _ help: String) -> Self {
        Self(name: name, fallback: "", help: help) { text throws(ConfigurationReason) in
            guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw ConfigurationReason("must be printable ASCII without spaces")
            }
            return text.isEmpty ? nil : Secret(text)
        }
    }
}

extension ConfigurationVariable where Value == String {
    static func text(_ name: String, _ fallback: String, _ help: String) -> Self {
        Self(name: name, fallback: fallback, help: help) { text throws(ConfigurationReason) in text }
    }
}

extension ConfigurationVariable {
    /// One of a few words.
    static func choice(_ name: String, _ fallback: String, _ choices: [(String, Value)], _ help: String) -> Self {
        Self(name: name, fallback: fallback, help: help) { text throws(ConfigurationReason) in
            guard let found = choices.first(where: { $0.0 == text }) else {
                let words = choices.map(\.0).joined(separator: ", ")
                throw ConfigurationReason("must be one of \(words), not '\(text)'")
            }
            return found.1
        }
    }
}
