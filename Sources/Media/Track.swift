/// What a track carries.
public enum MediaKind: UInt8, Sendable, Hashable, CaseIterable {
    case video = 0
    case audio = 1
}

/// How a track's access units must be decoded.
public enum CodecConfiguration: Sendable, Hashable {
    /// H.264; payloads are NAL units, each behind a 4-byte length.
    case avc(AVCConfiguration)
    /// AAC; payloads are raw access units without ADTS.
    case aac(AACConfiguration)
}

/// One elementary stream of a broadcast under one codec configuration.
///
/// Immutable and shared by reference: every frame carries its track, so a reader can start at any keyframe and has the
/// configuration at hand. A changed configuration is a new track.
public final class Track: Sendable {
    public let configuration: CodecConfiguration
    /// Ticks per second of this track's times: 90,000 for video, the sample rate for audio.
    public let timescale: Int32

    public init(_ configuration: CodecConfiguration) {
        self.configuration = configuration
        switch configuration {
        case .avc: timescale = MediaTime.videoTimescale
        case .aac(let aac): timescale = Int32(aac.sampleRate)
        }
    }

    public var kind: MediaKind {
        switch configuration {
        case .avc: .video
        case .aac: .audio
        }
    }

    /// The `codecs` parameter of RFC 6381, for example `avc1.64001f` or `mp4a.40.2`.
    public var codecString: String {
        switch configuration {
        case .avc(let avc): avc.codecString
        case .aac(let aac): aac.codecString
        }
    }
}
