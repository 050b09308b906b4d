import Glibc
import StreamingCore

extension SQLiteConnection {
    private static let attemptsMax = 100
    private static let pauseMicroseconds: UInt32 = 20_000

    /// Lets readers and a writer of other processes work side by side.
    ///
    /// Only the first opening of a file changes anything. When several processes open a new file at once, SQLite
    /// refuses that change to all but one without waiting for its lock, so it is tried again here, for at most two
    /// seconds.
    func useWriteAheadLog() throws(StreamError) {
        var attempts = 1
        while true {
            do throws(StreamError) {
                let mode = try rows("PRAGMA journal_mode = WAL") { row throws(StreamError) in row.text(0) }
                guard mode == ["wal"] else {
                    throw .database(reason: "the write-ahead log cannot be used on this file system")
                }
                return
            } catch {
                guard isLockedByAnother, attempts < Self.attemptsMax else { throw error }
            }
            attempts += 1
            usleep(Self.pauseMicroseconds)
        }
    }
}
