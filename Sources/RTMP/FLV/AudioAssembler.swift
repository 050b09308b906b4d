import Bytes
import Media

/// The audio half of `FrameAssembler`.
struct AudioAssembler {
    private var track: Track?
    /// Whether the track comes from a sequence header, and not from ADTS headers of the frames.
    private var isConfigured = false
    private var lastConfiguration = Bytes()

    /// Takes a sequence header, an AudioSpecificConfig.
    ///
    /// - Returns: Whether it could be used; an empty one cannot.
    mutating func configure(_ specificConfig: Bytes) -> Bool {
        guard !specificConfig.isEmpty else { return false }
        guard specificConfig != lastConfiguration || !isConfigured else { return true }
        guard let configuration = try? AACConfiguration(specificConfig: specificConfig) else { return false }
        lastConfiguration = specificConfig
        isConfigured = true
        adopt(configuration)
        return true
    }

    /// Takes an access unit.
    ///
    /// - Returns: `nil` when it is empty, or when nothing says how to decode it.
    mutating func frame(_ payload: Bytes, timestamp: UInt32) -> EncoderFrame? {
        var payload = payload
        if !isConfigured {
            guard ADTSHeader.begins(payload), let header = try? ADTSHeader(payload), header.blockCount == 1,
                header.headerLength < header.frameLength, header.frameLength <= payload.count,
                let configuration = try? AACConfiguration(adtsHeader: header)
            else { return nil }
            adopt(configuration)
            payload = payload[header.headerLength..<header.frameLength]
        }
        guard let track, !payload.isEmpty else { return nil }
        return EncoderFrame(track: track, timestampMilliseconds: timestamp, isKeyframe: true, payload: payload)
    }

    private mutating func adopt(_ configuration: AACConfiguration) {
        guard track?.configuration != .aac(configuration) else { return }
        track = Track(.aac(configuration))
    }
}
