import Bytes
import HTTP
import StreamingCore

// Who a request is from. The first that a request shows, in this order:
//
//   CMCD sid                     what the player itself calls its session
//   ?session=NAME                what a page calls it
//   Cookie: sluice_viewer=NAME   what we called it
//   address and User-Agent       all who share both are one
//
// Names are one space: a page's beacon may name what its player says as sid.

/// Who a request is from. It is made for every request, and refers to nothing.
struct ViewerCaller {
    enum Source {
        /// It names its session.
        case name
        /// We named it.
        case cookie
        case address
    }

    let source: Source
    let fingerprint: UInt64
    let marks: ClientMarks
    /// What the player tells; `nil` when it tells nothing.
    let word: PlayerWord?

    static let cookieName = "sluice_viewer"
    static let parameterName = "session"

    init(_ request: HTTPRequest, salt: UInt64) {
        marks = request.fields.clientMarks
        var print = Fingerprint(salt: salt)
        let isTold = !request.query.isEmpty || marks.hasMeasurements
        let measurements = isTold ? CMCD(request, marks: marks) : nil
        word = measurements.map(PlayerWord.init)
        if isTold, let name = measurements?.sessionID ?? Self.parameter(of: request) {
            print.add(name)
            source = .name
        } else if marks.hasCookie, let value = request.fields.cookie(marks).flatMap(Self.cookie) {
            print.add(value)
            source = .cookie
        } else {
            Self.addAddress(of: request, marks, to: &print)
            source = .address
        }
        fingerprint = print.value
    }

    /// Somebody of whom nothing but a name is known.
    static func fingerprint(of name: String, salt: UInt64) -> UInt64 {
        var print = Fingerprint(salt: salt)
        print.add(name)
        return print.value
    }

    /// The fingerprint that the same request would have without a name.
    static func addressFingerprint(of request: HTTPRequest, _ marks: ClientMarks, salt: UInt64) -> UInt64 {
        var print = Fingerprint(salt: salt)
        addAddress(of: request, marks, to: &print)
        return print.value
    }

    /// Of proxies that are believed, the server has put the client's address in the place of theirs.
    private static func addAddress(of request: HTTPRequest, _ marks: ClientMarks, to print: inout Fingerprint) {
        print.add(request.peerAddress)
        if let agent = request.fields.userAgent(marks) { print.add(agent) }
    }

    /// What all replicas call the viewer by: read again, for that is done once per session.
    func token(_ request: HTTPRequest) -> String {
        let name: String? =
            switch source {
            case .name: CMCD(request, marks: marks)?.sessionID ?? Self.parameter(of: request)
            case .cookie: request.fields.cookie(marks).flatMap(Self.cookie)?.string
            case .address: nil
            }
        if let name { return name }
        // No name has a line's end in it.
        return "\n\(request.peerAddress)\n\(request.fields.userAgent(marks)?.string ?? "")"
    }

    /// The name that a page gave the session; `nil` when there is none, or one that is no name.
    static func parameter(of request: HTTPRequest) -> String? {
        guard request.mayHaveParameter(parameterName), let name = request.parameters[parameterName],
            isName(name)
        else { return nil }
        return name
    }

    /// 1 to ``ViewerLimits/nameBytesMax`` of letters, digits, `_` and `-`: safe in every address and document.
    static func isName(_ name: String) -> Bool {
        let bytes = name.utf8Span.span
        guard 1...ViewerLimits.nameBytesMax ~= bytes.count else { return false }
        for index in bytes.indices where !isNameByte(bytes[index]) { return false }
        return true
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// The value of our cookie in a `Cookie` (RFC 6265, 4.2.1); `nil` when it is not there or is no name.
    static func cookie(in field: Bytes) -> Bytes? {
        let name = cookieName.utf8Span.span
        var start = 0
        while start < field.count {
            while start < field.count, field[start] == UInt8(ascii: " ") { start += 1 }
            let end = field.firstIndex(of: UInt8(ascii: ";"), from: start) ?? field.count
            var length = 0
            while length < name.count, start + length < end, field[start + length] == name[length] { length += 1 }
            if length == name.count, start + length < end, field[start + length] == UInt8(ascii: "=") {
                let value = field[start + length + 1..<end]
                guard 1...ViewerLimits.nameBytesMax ~= value.count, value.allSatisfy(isNameByte) else { return nil }
                return value
            }
            start = end + 1
        }
        return nil
    }

    /// A name that nobody guesses: 128 random bits.
    static func freshName() -> String {
        let halves = [UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)]
        return halves.map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// What a player tells of how it plays, of all that it tells with a request.
struct PlayerWord {
    /// Its buffer ran dry since the request before.
    var wasStarved = false
    /// It needs what it asks for at once, to start.
    var isStartup = false
    /// It asks for sound alone.
    var isAboutSound = false
    /// Media in its buffer, in milliseconds.
    var bufferMilliseconds: Int64?

    init() {}

    init(_ measurements: CMCD) {
        wasStarved = measurements.wasStarved
        isStartup = measurements.isStartup
        isAboutSound = measurements.objectType == .audio
        bufferMilliseconds = measurements.bufferMilliseconds
    }
}
