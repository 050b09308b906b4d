import Foundation
import StreamingCore
import TranscodeService

extension Configuration {
    /// What to make of every stream; without rungs the source is passed on alone, unless quality levels are stored.
    var ladderConfiguration: LadderConfiguration {
        LadderConfiguration(
            rungs: ladder.enabledLevels.map(Rung.init), copyPolicy: copyPolicy, encoder: encoder.name,
            preset: x264Preset.rawValue, audioBitRate: audioBitsPerSecond, lagMilliseconds: transcodeLagMilliseconds,
            thumbnailMilliseconds: thumbnailMilliseconds, stallMilliseconds: transcodeStallMilliseconds,
            streamsMax: transcodeStreamsMax,
            loadMax: transcodeLoadMax * Double(ProcessInfo.processInfo.activeProcessorCount))
    }

    private var copyPolicy: CopyPolicy {
        switch ladderTop {
        case .auto: .auto
        case .copy: .copy
        case .encode: .encode
        }
    }
}

extension Configuration.EncoderChoice {
    /// The encoder's name; `nil` for whichever works.
    fileprivate var name: String? { self == .auto ? nil : rawValue }
}
