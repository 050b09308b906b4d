import Bytes
import StreamingCore

/// A value to put in a statement's parameter.
enum SQLiteValue {
    case null
    case integer(Int64)
    case number(Double)
    case text(String)
    case blob(Bytes)

    static func id(_ id: UUIDv7) -> SQLiteValue { .text(id.description) }

    static func id(_ id: ViewerSessionID) -> SQLiteValue { .text(id.description) }

    static func orNull(_ number: Int64?) -> SQLiteValue { number.map { .integer($0) } ?? .null }

    static func orNull(_ number: Double?) -> SQLiteValue { number.map { .number($0) } ?? .null }

    static func orNull(_ text: String?) -> SQLiteValue { text.map { .text($0) } ?? .null }

    static func time(_ time: WallTime?) -> SQLiteValue { time.map { .integer($0.unixMilliseconds) } ?? .null }
}
