/// A value in a log line. There is no case for a `Secret`: a secret cannot be logged by mistake.
public enum LogValue: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral
{
    case text(String)
    case number(Int64)
    case flag(Bool)

    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    public init(_ value: some BinaryInteger) { self = .number(Int64(clamping: value)) }
    public init(_ id: UUIDv7) { self = .text(id.description) }
    public init(_ value: String) { self = .text(value) }
    public init(_ error: any Error) { self = .text(String(describing: error)) }
}
