/// What an encoder announces in `onMetaData`. For information only: it is often absent and sometimes wrong.
public struct StreamMetadata: Sendable, Equatable {
    /// Pixels.
    public var width: Int?
    /// Pixels.
    public var height: Int?
    /// Frames per second.
    public var frameRate: Double?
    /// Kilobits per second.
    public var videoKilobitsPerSecond: Double?
    /// Kilobits per second.
    public var audioKilobitsPerSecond: Double?
    /// The name of the encoder, cut to `RTMPLimits.textCharactersMax`.
    public var encoder: String?
    /// Whether a video codec is named.
    public var announcesVideo = false
    /// Whether an audio codec is named.
    public var announcesAudio = false

    init(_ members: AMFObject) {
        width = Self.positive(members["width"] ?? members["displayWidth"]).flatMap(Self.pixels)
        height = Self.positive(members["height"] ?? members["displayHeight"]).flatMap(Self.pixels)
        frameRate = Self.positive(members["framerate"] ?? members["videoframerate"] ?? members["fps"])
        videoKilobitsPerSecond = Self.positive(members["videodatarate"])
        audioKilobitsPerSecond = Self.positive(members["audiodatarate"])
        encoder = (members["encoder"]?.text).map(String.init(fromPeer:))
        announcesVideo = Self.namesCodec(members["videocodecid"])
        announcesAudio = Self.namesCodec(members["audiocodecid"])
    }

    /// Finds the metadata in a data message: `onMetaData` and its object, behind `@setDataFrame` or bare.
    ///
    /// - Returns: `nil` when the message is another one, or has no object.
    init?(message values: [AMFValue]) {
        var values = values[...]
        if values.first?.text == "@setDataFrame" { values = values.dropFirst() }
        guard values.first?.text == "onMetaData", let members = values.dropFirst().first?.members else { return nil }
        self.init(members)
    }

    /// Numbers come as numbers, or as text.
    private static func positive(_ value: AMFValue?) -> Double? {
        guard let number = value?.number ?? value?.text.flatMap(Double.init), number > 0, number.isFinite else {
            return nil
        }
        return number
    }

    private static func pixels(_ number: Double) -> Int? { number <= 65_536 ? Int(number) : nil }

    private static func namesCodec(_ value: AMFValue?) -> Bool {
        switch value {
        case .number: true
        case .string(let text): !text.isEmpty
        default: false
        }
    }
}
