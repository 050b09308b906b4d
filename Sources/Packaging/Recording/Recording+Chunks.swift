public import Bytes
import Media

// A chunk of a recording
//
// length 32 | timeline event     the broadcast's beginning
// length 32 | timeline event     the targets
// length 32 | timeline event     a run that segments of the chunk belong to, ...
// length 32 | timeline event     a segment, ... in order of the numbers
//
// Whoever records stores a chunk now and then; whoever takes over restores all of them, in order, and then applies what
// the timeline log has kept of the time since. Both may overlap.

extension Recording {
    /// The store key of a chunk within the stream.
    ///
    /// - Parameter number: That of its first segment.
    public static func chunkName(_ number: Int64) -> String { "recording/chunk-\(number).bin" }

    /// The number of the first segment of the chunk with this store key; `nil` for all other names.
    public static func chunkNumber(_ name: String) -> Int64? {
        guard name.hasPrefix("recording/chunk-"), name.hasSuffix(".bin") else { return nil }
        return Int64(name.dropFirst("recording/chunk-".count).dropLast(".bin".count))
    }

    /// Writes the segments with some numbers, with all that it takes to understand them.
    ///
    /// - Returns: `nil` when there is none.
    public func chunk(_ numbers: Range<Int64>) -> Bytes? {
        guard let origin, let targets, let recorded = self.numbers else { return nil }
        let numbers = numbers.clamped(to: recorded)
        guard !numbers.isEmpty else { return nil }
        var writer = ByteWriter(capacity: 256 + numbers.count * renditions.count * 112)
        for event in [TimelineEvent.began(origin), .targets(targets)] { Self.write(event, to: &writer) }
        let before = runs.last { $0.number <= numbers.lowerBound }?.number ?? 0
        for run in runs where before..<numbers.upperBound ~= run.number { Self.write(.run(run), to: &writer) }
        for number in numbers {
            let run = runs.last { $0.number <= number }?.number ?? number
            for rendition in renditions {
                guard let segment = rendition.segment(number, in: run) else { continue }
                Self.write(.segment(segment), to: &writer)
            }
        }
        return writer.finish()
    }

    /// Applies a chunk of the same broadcast; one of another is passed over.
    ///
    /// - Returns: Whether it was of this broadcast, or the first that the recording knows of any.
    /// - Throws: Why it cannot be read; what came before the fault is applied.
    @discardableResult
    public mutating func restore(_ chunk: Bytes) throws(RecordFailure) -> Bool {
        var reader = ByteReader(chunk)
        var isFirst = true
        while !reader.isAtEnd {
            let event = try TimelineEvent(decoding: Self.record(&reader))
            if isFirst {
                guard case .began(let began) = event, origin == nil || began == origin else { return false }
                isFirst = false
            }
            apply(event)
        }
        return !isFirst
    }

    private static func record(_ reader: inout ByteReader) throws(RecordFailure) -> Bytes {
        do {
            return try reader.readBytes(Int(try reader.readUInt32()))
        } catch {
            throw .truncated
        }
    }

    private static func write(_ event: TimelineEvent, to writer: inout ByteWriter) {
        let record = event.encoded
        writer.write(UInt32(record.count))
        writer.write(record)
    }
}
