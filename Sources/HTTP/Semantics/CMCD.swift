// What a media player tells with its requests (CTA-5004, Common Media Client Data, version 1)
//
//   ?CMCD=bl%3D2100%2Cbs%2Cot%3Dv%2Csid%3D%226e2fb550%22        as one argument of the query, percent-encoded
//
//   CMCD-Request: bl=2100,mtp=25400,su                          or as four fields of the header
//   CMCD-Object:  br=3200,d=4004,ot=v,tb=6000
//   CMCD-Status:  bs,rtp=15000
//   CMCD-Session: sf=h,sid="6e2fb550",st=l
//
// list = key[=value] *( "," key[=value] ); a key alone says "true"; a text stands in quotes, with \" and \\ escaped.

/// What a media player tells with a request, for those who measure how it plays.
///
/// Every value comes from outside: one that is none of its key's, and a key that nobody knows, are passed over alone.
public struct CMCD: Sendable, Equatable {
    /// What is asked for (`ot`).
    public enum ObjectType: String, Sendable, CaseIterable {
        case manifest = "m"
        case audio = "a"
        case video = "v"
        /// Audio and video in one.
        case muxed = "av"
        case initialization = "i"
        case caption = "c"
        case timedText = "tt"
        case key = "k"
        case other = "o"
    }

    /// How the stream is packaged (`sf`).
    public enum StreamingFormat: String, Sendable, CaseIterable {
        case dash = "d"
        case hls = "h"
        case smooth = "s"
        case other = "o"
    }

    /// Whether all segments are there (`st`).
    public enum StreamType: String, Sendable, CaseIterable {
        case onDemand = "v"
        case live = "l"
    }

    /// `bl`: media in the buffer of what is asked for, in milliseconds.
    public var bufferMilliseconds: Int64?
    /// `br`: the encoded bit rate of what is asked for, in kbit/s.
    public var kilobitsPerSecond: Int64?
    /// `bs`: the buffer ran dry since the request before.
    public var wasStarved = false
    /// `cid`: what is watched, up to 64 bytes.
    public var contentID: String?
    /// `d`: how long what is asked for plays, in milliseconds.
    public var durationMilliseconds: Int64?
    /// `dl`: until when it is needed, in milliseconds from the request.
    public var deadlineMilliseconds: Int64?
    /// `mtp`: the throughput that the player measures, in kbit/s.
    public var measuredKilobitsPerSecond: Int64?
    /// `nor`: the address of what is asked for next, as it was written.
    public var nextObject: String?
    /// `nrr`: the range of bytes that is asked for next.
    public var nextRange: String?
    /// `ot`
    public var objectType: ObjectType?
    /// `pr`: how fast it is played; 1 is real time, 0 is not at all.
    public var playbackRate: Double?
    /// `rtp`: the throughput that is enough, in kbit/s.
    public var requestedKilobitsPerSecond: Int64?
    /// `sf`
    public var streamingFormat: StreamingFormat?
    /// `sid`: the playback session, 1 to ``sessionBytesMax`` bytes of printable ASCII.
    public var sessionID: String?
    /// `st`
    public var streamType: StreamType?
    /// `su`: it is needed at once: playback starts, or starts again.
    public var isStartup = false
    /// `tb`: the highest bit rate that the player may choose, in kbit/s.
    public var topKilobitsPerSecond: Int64?
    /// `v`: the version of the specification, 1 when nothing is said.
    public var version = 1

    /// How much of one list is read, in bytes after decoding.
    public static let bytesMax = 2048
    /// How many keys of one list are read.
    public static let keysMax = 32
    /// The longest session that is believed, in bytes.
    public static let sessionBytesMax = 64
    /// Numbers above are not believed.
    public static let numberMax: Int64 = 1_000_000_000

    public init() {}

    /// What a request tells; `nil` when it tells nothing in this way. A request without any costs no allocation.
    ///
    /// - Parameter marks: What ``HTTPFields/clientMarks`` found in the request's header.
    public init?(_ request: HTTPRequest, marks: ClientMarks) {
        let query = request.mayHaveParameter("CMCD") ? Self.argument(of: request.query) : nil
        guard query != nil || marks.hasMeasurements else { return nil }
        self.init()
        if let query { read(query) }
        guard marks.hasMeasurements else { return }
        for name in Self.fieldNames {
            if let list = request.fields.list(name) { read(list) }
        }
    }

    static let fieldNames = ["cmcd-request", "cmcd-object", "cmcd-status", "cmcd-session"]

    /// The argument of a query, decoded; `nil` when there is none.
    private static func argument(of query: String) -> [UInt8]? {
        let (text, name) = (query.utf8Span.span, "CMCD=".utf8Span.span)
        var start = 0
        while start + name.count <= text.count {
            var length = 0
            while length < name.count, text[start + length] == name[length] { length += 1 }
            if length == name.count { return decoded(text.extracting(start + length..<text.count)) }
            while start < text.count, text[start] != ASCII.ampersand { start += 1 }
            start += 1
        }
        return nil
    }

    /// What stands before the next argument, without its escapes.
    private static func decoded(_ text: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(text.count, bytesMax))
        var index = 0
        while index < text.count, text[index] != ASCII.ampersand, bytes.count < bytesMax {
            if text[index] == ASCII.percent, index + 2 < text.count, let high = text[index + 1].hexadecimalValue,
                let low = text[index + 2].hexadecimalValue
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(text[index] == ASCII.plus ? ASCII.space : text[index])
                index += 1
            }
        }
        return bytes
    }

    /// Takes what a list tells; of a key that comes twice, the later value.
    public mutating func read(_ list: String) { read(Array(list.utf8.prefix(Self.bytesMax))) }

    private mutating func read(_ list: [UInt8]) {
        var reader = ListReader(list)
        for _ in 0..<Self.keysMax {
            guard let (key, value) = reader.next() else { return }
            take(key, value)
        }
    }

    private mutating func take(_ key: UInt32, _ value: ListReader.Value) {
        switch key {
        case Key.bl: bufferMilliseconds = value.number ?? bufferMilliseconds
        case Key.br: kilobitsPerSecond = value.number ?? kilobitsPerSecond
        case Key.bs: wasStarved = value.flag ?? wasStarved
        case Key.cid: contentID = value.text(upTo: Self.sessionBytesMax) ?? contentID
        case Key.d: durationMilliseconds = value.number ?? durationMilliseconds
        case Key.dl: deadlineMilliseconds = value.number ?? deadlineMilliseconds
        case Key.mtp: measuredKilobitsPerSecond = value.number ?? measuredKilobitsPerSecond
        case Key.nor: nextObject = value.text(upTo: Self.bytesMax) ?? nextObject
        case Key.nrr: nextRange = value.text(upTo: Self.sessionBytesMax) ?? nextRange
        case Key.ot: objectType = value.token.flatMap(ObjectType.init) ?? objectType
        case Key.pr: playbackRate = value.decimal ?? playbackRate
        case Key.rtp: requestedKilobitsPerSecond = value.number ?? requestedKilobitsPerSecond
        case Key.sf: streamingFormat = value.token.flatMap(StreamingFormat.init) ?? streamingFormat
        case Key.sid: sessionID = value.text(upTo: Self.sessionBytesMax) ?? sessionID
        case Key.st: streamType = value.token.flatMap(StreamType.init) ?? streamType
        case Key.su: isStartup = value.flag ?? isStartup
        case Key.tb: topKilobitsPerSecond = value.number ?? topKilobitsPerSecond
        case Key.v: version = value.number.flatMap { 1...100 ~= $0 ? Int($0) : nil } ?? version
        default: break
        }
    }
}

extension CMCD {
    /// The keys, their letters in one number.
    private enum Key {
        static let bl: UInt32 = 0x626c
        static let br: UInt32 = 0x6272
        static let bs: UInt32 = 0x6273
        static let cid: UInt32 = 0x636964
        static let d: UInt32 = 0x64
        static let dl: UInt32 = 0x646c
        static let mtp: UInt32 = 0x6d7470
        static let nor: UInt32 = 0x6e6f72
        static let nrr: UInt32 = 0x6e7272
        static let ot: UInt32 = 0x6f74
        static let pr: UInt32 = 0x7072
        static let rtp: UInt32 = 0x727470
        static let sf: UInt32 = 0x7366
        static let sid: UInt32 = 0x736964
        static let st: UInt32 = 0x7374
        static let su: UInt32 = 0x7375
        static let tb: UInt32 = 0x7462
        static let v: UInt32 = 0x76
    }
}

/// Takes a list apart.
private struct ListReader {
    enum Value {
        /// The key stood alone.
        case none
        case quoted(ArraySlice<UInt8>)
        case plain(ArraySlice<UInt8>)
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next key with its value; `nil` at the end.
    mutating func next() -> (key: UInt32, Value)? {
        while position < bytes.count, bytes[position] == ASCII.comma || bytes[position].isFieldSpace { position += 1 }
        guard position < bytes.count else { return nil }
        let start = position
        while position < bytes.count, bytes[position] != ASCII.comma, bytes[position] != ASCII.equals { position += 1 }
        // No key has more than three letters.
        var key: UInt32 = 0
        if position - start <= 4 { for index in start..<position { key = key << 8 | UInt32(bytes[index]) } }
        guard position < bytes.count, bytes[position] == ASCII.equals else { return (key, .none) }
        position += 1
        if position < bytes.count, bytes[position] == ASCII.quote { return (key, .quoted(quoted())) }
        let valueStart = position
        while position < bytes.count, bytes[position] != ASCII.comma { position += 1 }
        return (key, .plain(bytes[valueStart..<position]))
    }

    /// A text in quotes; what stands between its end and the next comma belongs to nothing.
    private mutating func quoted() -> ArraySlice<UInt8> {
        position += 1
        let start = position
        var hasEscapes = false
        while position < bytes.count, bytes[position] != ASCII.quote {
            if bytes[position] == ASCII.backslash {
                hasEscapes = true
                position += 1
            }
            position += 1
        }
        let text = bytes[start..<min(position, bytes.count)]
        while position < bytes.count, bytes[position] != ASCII.comma { position += 1 }
        return hasEscapes ? Self.unescaped(text) : text
    }

    private static func unescaped(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var plain: [UInt8] = []
        var isEscaped = false
        for byte in text {
            if byte == ASCII.backslash, !isEscaped {
                isEscaped = true
            } else {
                plain.append(byte)
                isEscaped = false
            }
        }
        return plain[...]
    }
}

extension ListReader.Value {
    /// A whole number from 0 to ``CMCD/numberMax``.
    var number: Int64? {
        guard case .plain(let digits) = self, 1...10 ~= digits.count, digits.allSatisfy(\.isDigit) else { return nil }
        let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - ASCII.zero) }
        return value <= CMCD.numberMax ? value : nil
    }

    var flag: Bool? {
        switch self {
        case .none: true
        case .quoted: nil
        case .plain(let word): word.elementsEqual("true".utf8) ? true : word.elementsEqual("false".utf8) ? false : nil
        }
    }

    var token: String? {
        guard case .plain(let word) = self, 1...2 ~= word.count else { return nil }
        return String(decoding: word, as: UTF8.self)
    }

    /// A rate from 0 to 100.
    var decimal: Double? {
        guard case .plain(let word) = self, 1...8 ~= word.count,
            word.allSatisfy({ $0.isDigit || $0 == ASCII.dot }),
            let value = Double(String(decoding: word, as: UTF8.self)), 0...100 ~= value
        else { return nil }
        return value
    }

    /// Printable ASCII, which some players send without its quotes.
    func text(upTo bytesMax: Int) -> String? {
        let bytes: ArraySlice<UInt8>
        switch self {
        case .none: return nil
        case .quoted(let text): bytes = text
        case .plain(let word): bytes = word
        }
        guard 1...bytesMax ~= bytes.count, bytes.allSatisfy({ 0x20..<0x7F ~= $0 }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
