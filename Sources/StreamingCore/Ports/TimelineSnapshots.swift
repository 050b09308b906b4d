public import Bytes

/// What a timeline's followers have seen last, kept for a delivery that starts late: it loads this, and then follows
/// the ``TimelineLog``.
///
/// Per stream there is a run of records without gaps, numbered from any number on. Who writes says its fence; a lower
/// one than the highest seen is refused, also after ``remove(_:)``, so that an owner which lost the stream without
/// knowing writes nothing any more.
public protocol TimelineSnapshots: Sendable {
    /// Adds a record behind those that are kept, and forgets those before `first`.
    ///
    /// A record that is there already under this number is replaced, and those behind it are forgotten: whoever took
    /// a stream over may make its last records again. So a call may also be repeated.
    ///
    /// - Parameters:
    ///   - number: The number of the record, `0...TimelineSnapshotLimits.numberMax`.
    ///   - first: The number of the oldest record to keep, `0...number`.
    /// - Returns: False when any record from `first` to the one before this is not there, for example because the
    ///   store was emptied. No record was changed then, and the caller gives all of them with
    ///   ``replace(with:from:of:fence:)``.
    /// - Throws: ``StreamError/conflict(reason:)`` when the fence is lower than one seen,
    ///   ``StreamError/invalidValue(field:reason:)`` or ``StreamError/overloaded(what:)`` beyond
    ///   ``TimelineSnapshotLimits``.
    func append(
        _ record: Bytes, number: Int64, keepingFrom first: Int64, of stream: StreamID, fence: Int64
    ) async throws(StreamError) -> Bool

    /// Keeps these records, and no other, of which the first has the number `first`.
    ///
    /// - Throws: As ``append(_:number:keepingFrom:of:fence:)``.
    func replace(
        with records: [Bytes], from first: Int64, of stream: StreamID, fence: Int64
    ) async throws(StreamError)

    /// All streams that have records, in any order.
    func load() async throws(StreamError) -> [TimelineSnapshot]

    /// What is kept of one stream; `nil` when it has no records.
    func load(_ stream: StreamID) async throws(StreamError) -> TimelineSnapshot?

    /// Forgets a stream's records.
    func remove(_ stream: StreamID) async throws(StreamError)
}

/// The kept records of one stream.
public struct TimelineSnapshot: Sendable, Equatable {
    public let stream: StreamID
    /// The number of the first record; the others follow one by one.
    public let first: Int64
    /// In order, at least one.
    public let records: [Bytes]

    public init(stream: StreamID, first: Int64, records: [Bytes]) {
        self.stream = stream
        self.first = first
        self.records = records
    }
}

/// Bounds on what is kept of a timeline.
public enum TimelineSnapshotLimits {
    /// The highest number of a record: stores calculate with it in floating point.
    public static let numberMax: Int64 = 1 << 53 - 1
    /// Records of one stream.
    public static let recordsMax: Int64 = 65_536
    /// Bytes of one record.
    public static let recordBytesMax = 1 << 20

    /// Holds a record that is to be appended against the bounds.
    public static func check(_ record: Bytes, number: Int64, keepingFrom first: Int64) throws(StreamError) {
        guard 0...numberMax ~= number, 0...number ~= first else {
            throw .invalidValue(field: "number", reason: "a record \(number), to be kept from \(first) on")
        }
        try check(recordCount: number - first + 1)
        try check(recordBytes: record.count)
    }

    /// Holds records that are to replace others against the bounds.
    public static func check(_ records: [Bytes], from first: Int64) throws(StreamError) {
        try check(recordCount: Int64(records.count))
        guard 0...(numberMax - recordsMax) ~= first else {
            throw .invalidValue(field: "number", reason: "records from \(first) on")
        }
        for record in records { try check(recordBytes: record.count) }
    }

    private static func check(recordCount: Int64) throws(StreamError) {
        guard recordCount <= recordsMax else { throw .overloaded(what: "\(recordsMax) records of a timeline") }
    }

    private static func check(recordBytes: Int) throws(StreamError) {
        guard recordBytes <= recordBytesMax else {
            throw .overloaded(what: "\(recordBytesMax) bytes of a timeline's record")
        }
    }
}
