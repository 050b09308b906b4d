import Bytes
import StreamingCore

/// A value to put in a statement's parameter.
enum SQLiteValue {
    case null
    case integer(Int64)
    case text(String)
    case blob(Bytes)

    static func id(_ id: UUIDv7) -> SQLiteValue { .text(id.description) }

    static func time(_ time: WallTime?) -> SQLiteValue { time.map { .integer($0.unixMilliseconds) } ?? .null }
}
