import TestKit
import Testing

/// Broadcasts in several renditions, from the encoder to real players.
///
/// They load the machine and measure time, and so come one after the other.
@Suite(.serialized) enum LadderTests {
    /// Renditions so small that two cores make them for several broadcasts at once.
    static let small = [
        "LADDER": "360p:700,240p:400,180p:200", "X264_PRESET": "ultrafast", "ENCODER": "libx264",
    ]
    static let names = ["360p", "240p", "180p"]

    /// A clip that fits into the highest rung as it is.
    ///
    /// - Parameter reorders: An encoder that is stopped in the middle of reordered pictures has sent one and not those
    ///   before it. Encoded renditions then have a picture of twice the duration, before which a part may have to end
    ///   that is not full: strict tests do without B-frames.
    static func clip(in sluice: SluiceProcess, seconds: Int = 8, reorders: Bool = true) async throws -> TestClip {
        try await TestClip.make(in: sluice.directory.url, seconds: seconds, kilobits: 500, reorders: reorders)
    }
}
