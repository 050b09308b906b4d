import Bytes
import StreamingCore

/// The row that a statement stands on; good only until the statement goes on.
struct SQLiteRow {
    let statement: SQLiteStatement

    func integer(_ column: Int32) -> Int64 { statement.integer(column) }

    func optionalInteger(_ column: Int32) -> Int64? { statement.isNull(column) ? nil : statement.integer(column) }

    func number(_ column: Int32) -> Double { statement.number(column) }

    func optionalNumber(_ column: Int32) -> Double? { statement.isNull(column) ? nil : statement.number(column) }

    func text(_ column: Int32) -> String { statement.text(column) }

    func optionalText(_ column: Int32) -> String? { statement.isNull(column) ? nil : statement.text(column) }

    func blob(_ column: Int32) -> Bytes { statement.blob(column) }

    func time(_ column: Int32) -> WallTime { WallTime(unixMilliseconds: integer(column)) }

    func optionalTime(_ column: Int32) -> WallTime? { statement.isNull(column) ? nil : time(column) }

    /// - Throws: ``StreamError/database(reason:)`` when something else than an id is stored there.
    func id(_ column: Int32) throws(StreamError) -> UUIDv7 {
        let text = text(column)
        guard let id = UUIDv7(text) else { throw .database(reason: "'\(text)' is stored where an id belongs") }
        return id
    }

    /// - Throws: As ``id(_:)``.
    func sessionID(_ column: Int32) throws(StreamError) -> ViewerSessionID {
        let text = text(column)
        guard let id = ViewerSessionID(text) else {
            throw .database(reason: "'\(text)' is stored where a session's id belongs")
        }
        return id
    }
}
