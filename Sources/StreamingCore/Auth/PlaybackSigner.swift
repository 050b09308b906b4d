import Bytes

/// Signs addresses of playback, and tells which signatures are ours.
///
/// ```
///  /hls/{stream}/~1795424100-9Tqk0yJ3m2cXv8bWq1ZJrA/master.m3u8
///                 until       first 16 bytes of HMAC-SHA-256, Base64url
/// ```
/// A signature is one segment of the path, so that all that playlists name has it too, without being written anew. It
/// is good for one stream until a time. All addresses of a stream that are made for the same end are the same, which is
/// what lets a cache have one copy for many viewers.
public struct PlaybackSigner: Sendable {
    /// What a signature's segment begins with; no rendition and no file does.
    public static let mark: Character = "~"
    /// Ends are put off to a multiple of this, in seconds.
    public static let endSeconds: Int64 = 300
    /// The bytes of the digest that are shown.
    private static let digestBytes = 16
    /// Longer segments are none of ours.
    private static let charactersMax = 64

    private let secret: Bytes

    public init(_ secret: Secret) { self.secret = Bytes(utf8: secret.reveal()) }

    /// When a signature ends that is to be good for a while.
    ///
    /// - Returns: At least so much later than `now`, and less than ``endSeconds`` more.
    public func end(after milliseconds: Int64, from now: WallTime) -> WallTime {
        let step = Self.endSeconds * 1000
        let end = now.unixMilliseconds + max(0, milliseconds)
        return WallTime(unixMilliseconds: (end + step - 1) / step * step)
    }

    /// The segment that goes between the stream and the file.
    ///
    /// - Parameter end: Whole seconds count.
    public func signature(for stream: StreamID, until end: WallTime) -> String {
        signature(for: stream, untilSeconds: end.unixMilliseconds / 1000)
    }

    private func signature(for stream: StreamID, untilSeconds end: Int64) -> String {
        let message = Bytes(utf8: "sluice playback\n\(stream)\n\(end)")
        let digest = SHA256.authenticationCode(for: message, key: secret).prefix(Self.digestBytes)
        return "\(Self.mark)\(end)-\(Base64URL.encode(digest))"
    }

    /// Until when a segment of a path is good for a stream.
    ///
    /// - Returns: `nil` when it is not ours.
    public func end(of segment: some StringProtocol, for stream: StreamID) -> WallTime? {
        guard segment.utf8.count <= Self.charactersMax, segment.first == Self.mark,
            let dash = segment.firstIndex(of: "-"),
            let end = Int64(segment[segment.index(after: segment.startIndex)..<dash]), 0...253_402_300_799 ~= end
        else { return nil }
        // Compared as a whole: a number has one spelling only.
        guard Secret(signature(for: stream, untilSeconds: end)) == Secret(String(segment)) else { return nil }
        return WallTime(unixMilliseconds: end * 1000)
    }

    /// Until when a JSON Web Token (RFC 7519) lets its bearer play a stream.
    ///
    /// - Throws: ``PlaybackTokenFailure``.
    public func end(
        ofToken token: String, for stream: StreamID, at now: WallTime
    ) throws(PlaybackTokenFailure) -> WallTime {
        let token = try PlaybackToken(token, key: secret)
        return try token.end(for: stream, at: now)
    }
}
