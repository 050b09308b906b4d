// Enhanced RTMP v2, "Enhancing NetConnection connect Command"
//
//   fourCcList             strict array of FourCCs, or "*"             (v1)
//   videoFourCcInfoMap     object: FourCC or "*" -> 1 decode, 2 encode, 4 forward
//   audioFourCcInfoMap     likewise
//   capsEx                 number: 1 reconnect, 2 multitrack, 4 ModEx, 8 nanosecond offsets

/// What a peer of Enhanced RTMP says it can do.
public struct PeerCapabilities: Sendable, Equatable {
    /// The bits of `capsEx`.
    public struct Extensions: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// It understands a request to reconnect.
        public static let reconnect = Extensions(rawValue: 1)
        public static let multitrack = Extensions(rawValue: 2)
        public static let modifiers = Extensions(rawValue: 4)
        public static let nanosecondOffsets = Extensions(rawValue: 8)
    }

    /// Whether the peer speaks Enhanced RTMP at all.
    public private(set) var isEnhanced = false
    /// The codecs it names, by FourCC; possibly `*`. At most `codecsMax`.
    public private(set) var codecs: [String] = []
    public private(set) var extensions: Extensions = []

    /// How many codecs are read of each list.
    public static let codecsMax = 32

    init() {}

    init(connect: AMFObject) {
        if case .strictArray(let list) = connect["fourCcList"] {
            isEnhanced = true
            add(list.prefix(Self.codecsMax).compactMap(\.text))
        }
        for name in ["videoFourCcInfoMap", "audioFourCcInfoMap"] {
            guard let map = connect[name]?.members else { continue }
            isEnhanced = true
            add(map.members.prefix(Self.codecsMax).map(\.name))
        }
        if let bits = connect["capsEx"]?.number {
            isEnhanced = true
            extensions = bits >= 0 && bits < 0x1p32 ? Extensions(rawValue: UInt32(bits)) : []
        }
    }

    private mutating func add(_ names: [String]) {
        for name in names where name.utf8.count <= 4 && !codecs.contains(name) { codecs.append(name) }
    }

    /// What this server answers: the codecs it takes, and that it may ask to reconnect.
    ///
    /// "Forward" is the honest flag for codecs that are passed on as they come; multitrack and ModEx are parsed, but
    /// further tracks and nanoseconds are not used, so they are not claimed.
    static let ours: [AMFObject.Member] = [
        AMFObject.Member(name: "fourCcList", value: .strictArray([.string("avc1"), .string("mp4a")])),
        AMFObject.Member(name: "videoFourCcInfoMap", value: .object(["avc1": .number(4)])),
        AMFObject.Member(name: "audioFourCcInfoMap", value: .object(["mp4a": .number(4)])),
        AMFObject.Member(name: "capsEx", value: .number(Double(Extensions.reconnect.rawValue))),
    ]
}
