public import Foundation

/// What `ffprobe` finds in media that was fetched.
public enum MediaProbe {
    public enum Kind: String, Sendable {
        case video = "v:0"
        case audio = "a:0"
    }

    public struct Packet: Sendable {
        /// When it is to be decoded, in seconds.
        ///
        /// FFmpeg delays all presentation times of a fragmented file by its largest negative composition offset. Decode
        /// times it leaves as they are, and that of a segment's first frame is when its presentation begins.
        public let decodeTime: Double
        public let presentationTime: Double
        public let isKeyframe: Bool
    }

    /// The packets of a track, in the order of the file.
    ///
    /// - Parameter isCut: Whether the media may begin without a keyframe.
    public static func packets(of media: Data, _ kind: Kind, isCut: Bool = false, in directory: URL) async throws
        -> [Packet]
    {
        let arguments = ["-select_streams", kind.rawValue, "-show_entries", "packet=dts_time,pts_time,flags"]
        return try await lines(media, in: directory, arguments, complaints: isCut).compactMap { line in
            let values = line.split(separator: ",")
            guard values.count >= 3, let presentation = Double(values[0]), let decode = Double(values[1]) else {
                return nil
            }
            return Packet(decodeTime: decode, presentationTime: presentation, isKeyframe: values[2].hasPrefix("K"))
        }
    }

    /// Decodes the pictures.
    ///
    /// - Parameter isCut: Whether the media may break off.
    /// - Returns: For each whether it is a keyframe.
    public static func pictures(of media: Data, isCut: Bool = false, in directory: URL) async throws -> [Bool] {
        let arguments = ["-select_streams", "v:0", "-show_entries", "frame=key_frame"]
        return try await lines(media, in: directory, arguments, complaints: isCut)
            .compactMap { line in line.first.map { $0 == "1" } }
    }

    /// The size of the first picture.
    public static func size(of media: Data, in directory: URL) async throws -> (width: Int, height: Int)? {
        let arguments = ["-select_streams", "v:0", "-show_entries", "stream=width,height"]
        let values = try await lines(media, in: directory, arguments).first?.split(separator: ",").compactMap {
            Int($0)
        }
        guard let values, values.count == 2 else { return nil }
        return (values[0], values[1])
    }

    private static func lines(
        _ media: Data, in directory: URL, _ arguments: [String], complaints areExpected: Bool = false
    ) async throws -> [Substring] {
        let file = directory.appending(path: "probed-" + UUID().uuidString)
        try media.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let command = ["ffprobe", "-v", "error"] + arguments + ["-of", "csv=p=0", file.path]
        let probe = try await ChildProcess.run(command, in: directory, seconds: 60)
        guard probe.status == 0, areExpected || probe.errors.isEmpty else {
            throw NeverHappened(description: "ffprobe of \(media.count) bytes: \(probe.status) \(probe.errors)")
        }
        return probe.output.split(separator: "\n")
    }
}
