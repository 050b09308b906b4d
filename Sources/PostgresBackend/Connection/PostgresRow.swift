import Bytes
internal import CPostgres
import StreamingCore

/// An answer of the server, owned.
///
/// Unsafe code: the pointer is valid from `init` to `deinit` and never leaves the object; memory that libpq lends is
/// copied before a method returns.
@safe final class PostgresResult {
    private let pointer: OpaquePointer

    /// Takes ownership of what `PQgetResult` returned.
    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe PQclear(pointer) }

    var status: ExecStatusType { unsafe PQresultStatus(pointer) }
    var rowCount: Int32 { unsafe PQntuples(pointer) }

    /// How many rows a statement changed; 0 where that makes no sense.
    var changedRowCount: Int { unsafe Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// Why the server refused, if it did.
    var refusal: PostgresFailure {
        guard let sqlState = unsafe sluice_pq_sql_state(pointer) else {
            // Only libpq itself makes an error without a state: the connection is gone.
            return .interrupted(reason: unsafe String(cString: PQresultErrorMessage(pointer)))
        }
        let message = unsafe sluice_pq_message(pointer)
        return .refused(
            sqlState: unsafe String(cString: sqlState), message: unsafe message.map { unsafe String(cString: $0) } ?? ""
        )
    }

    func isNull(_ row: Int32, _ column: Int32) -> Bool { unsafe PQgetisnull(pointer, row, column) == 1 }

    func bytes(_ row: Int32, _ column: Int32) -> UnsafeRawBufferPointer {
        let count = unsafe Int(PQgetlength(pointer, row, column))
        return unsafe UnsafeRawBufferPointer(start: PQgetvalue(pointer, row, column), count: count)
    }
}

/// One row of an answer, its columns counted from 0. Each is read as the type that the statement gives it.
struct PostgresRow {
    let result: PostgresResult
    let row: Int32

    func isNull(_ column: Int32) -> Bool { result.isNull(row, column) }

    func integer(_ column: Int32) throws(PostgresFailure) -> Int64 {
        let bytes = unsafe result.bytes(row, column)
        guard bytes.count == 8 else { throw mistake(column, "a bigint") }
        return unsafe Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    }

    func optionalInteger(_ column: Int32) throws(PostgresFailure) -> Int64? {
        isNull(column) ? nil : try integer(column)
    }

    func boolean(_ column: Int32) throws(PostgresFailure) -> Bool {
        let bytes = unsafe result.bytes(row, column)
        guard bytes.count == 1 else { throw mistake(column, "a boolean") }
        return unsafe bytes[0] != 0
    }

    func number(_ column: Int32) throws(PostgresFailure) -> Double {
        Double(bitPattern: UInt64(bitPattern: try integer(column)))
    }

    func optionalNumber(_ column: Int32) throws(PostgresFailure) -> Double? {
        isNull(column) ? nil : try number(column)
    }

    /// Empty for NULL.
    func text(_ column: Int32) -> String { unsafe String(decoding: result.bytes(row, column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    func bytes(_ column: Int32) -> Bytes { unsafe Bytes(copying: result.bytes(row, column)) }

    func time(_ column: Int32) throws(PostgresFailure) -> WallTime {
        PostgresTime.wallTime(microseconds: try integer(column))
    }

    func optionalTime(_ column: Int32) throws(PostgresFailure) -> WallTime? {
        isNull(column) ? nil : try time(column)
    }

    func id(_ column: Int32) throws(PostgresFailure) -> UUIDv7 {
        guard let id = UUIDv7(bytes: unsafe Array(result.bytes(row, column))) else { throw mistake(column, "an id") }
        return id
    }

    func sessionID(_ column: Int32) throws(PostgresFailure) -> ViewerSessionID {
        let bytes = unsafe result.bytes(row, column)
        guard bytes.count == 16 else { throw mistake(column, "a uuid") }
        return ViewerSessionID(
            high: unsafe UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    private func mistake(_ column: Int32, _ expected: String) -> PostgresFailure {
        .unexpected("column \(column) of a row has something else than \(expected)")
    }
}
