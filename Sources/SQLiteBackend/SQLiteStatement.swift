import Bytes
import CSQLite
import StreamingCore

/// A prepared statement, owned by the connection that prepared it and finalised before that closes.
///
/// Unsafe code: the pointer is valid from `init` to `deinit` and never leaves the object; memory that SQLite lends is
/// copied before the next call.
@safe final class SQLiteStatement {
    private let pointer: OpaquePointer

    /// Takes ownership of a pointer that `sqlite3_prepare_v3` made.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit { unsafe sqlite3_finalize(pointer) }

    /// Binds the parameters from the first on.
    ///
    /// - Returns: SQLite's code; `SQLITE_OK` when all were taken.
    func bind(_ values: [SQLiteValue]) -> Int32 {
        for (index, value) in zip(Int32(1)..., values) {
            let code =
                switch value {
                case .null: unsafe sqlite3_bind_null(pointer, index)
                case .integer(let number): unsafe sqlite3_bind_int64(pointer, index, number)
                case .number(let number): unsafe sqlite3_bind_double(pointer, index, number)
                case .text(let text): bind(text, at: index)
                case .blob(let bytes):
                    unsafe bytes.withUnsafeBytes { memory in
                        unsafe sluice_sqlite_bind_blob(pointer, index, memory.baseAddress, Int32(memory.count))
                    }
                }
            guard code == SQLITE_OK else { return code }
        }
        return SQLITE_OK
    }

    private func bind(_ text: String, at index: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { utf8 in
            unsafe utf8.withMemoryRebound(to: CChar.self) { characters in
                unsafe sluice_sqlite_bind_text(pointer, index, characters.baseAddress, Int32(characters.count))
            }
        }
    }

    /// - Returns: `SQLITE_ROW`, `SQLITE_DONE` or an error's code.
    func step() -> Int32 { unsafe sqlite3_step(pointer) }

    /// Makes the statement ready for its next use and lets go of the values.
    func reset() {
        // Both repeat an error that `step` has reported already.
        unsafe sqlite3_reset(pointer)
        unsafe sqlite3_clear_bindings(pointer)
    }

    func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(pointer, column) == SQLITE_NULL }

    func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(pointer, column) }

    func number(_ column: Int32) -> Double { unsafe sqlite3_column_double(pointer, column) }

    func text(_ column: Int32) -> String {
        // Text first, then its length: the order that SQLite asks for.
        guard let text = unsafe sqlite3_column_text(pointer, column) else { return "" }
        let length = unsafe Int(sqlite3_column_bytes(pointer, column))
        return unsafe String(decoding: UnsafeBufferPointer(start: text, count: length), as: UTF8.self)
    }

    func blob(_ column: Int32) -> Bytes {
        guard let memory = unsafe sqlite3_column_blob(pointer, column) else { return Bytes() }
        let length = unsafe Int(sqlite3_column_bytes(pointer, column))
        return unsafe Bytes(copying: UnsafeRawBufferPointer(start: memory, count: length))
    }
}
