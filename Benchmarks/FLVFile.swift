import Bytes
import Foundation
import RTMP

/// Reads the messages of an FLV file one after the other, so that a long clip needs no memory.
///
/// ```
/// file  "FLV" 1 flags(8) headerLength(32) 0(32) | tag ...
/// tag   type(8) length(24) time(24) timeHigh(8) 0(24) body tagLength(32)
/// ```
struct FLVFile {
    private static let fileHeaderBytes = 9 + 4
    private static let tagHeaderBytes = 11
    private static let tagTailBytes = 4

    private let file: FileHandle

    init(path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw BenchmarkFailure(what: "readable files called \(path)", expected: 1, found: 0)
        }
        self.file = file
        try rewind()
    }

    /// Begins anew.
    func rewind() throws { try file.seek(toOffset: UInt64(Self.fileHeaderBytes)) }

    /// The next message; `nil` at the end.
    func next() throws -> RawMessage? {
        guard let header = try file.read(upToCount: Self.tagHeaderBytes), header.count == Self.tagHeaderBytes else {
            return nil
        }
        var reader = ByteReader(Bytes([UInt8](header)))
        let type = try reader.readUInt8()
        let length = Int(try reader.readUInt24())
        let time = try reader.readUInt24() | UInt32(try reader.readUInt8()) << 24
        guard let body = try file.read(upToCount: length + Self.tagTailBytes),
            body.count == length + Self.tagTailBytes
        else { return nil }
        return RawMessage(type: type, timestamp: time, payload: Bytes([UInt8](body.prefix(length))))
    }
}

extension RawMessage {
    /// Whether this is a coded picture, and no sequence header.
    var isPicture: Bool { type == MessageType.video && payload.count > 1 && payload[1] == 1 }

    /// Whether this is a coded picture or coded sound.
    var isMedia: Bool { isPicture || type == MessageType.audio && payload.count > 1 && payload[1] == 1 }
}
