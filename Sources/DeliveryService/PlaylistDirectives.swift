import HTTP
import Packaging

/// A place in a rendition that a player waits for.
struct PlaylistPlace: Hashable {
    /// The number of a segment.
    let sequence: Int64
    /// A part of it, from zero; `nil` for the whole segment.
    let part: Int?
}

/// What the query of a request for a media playlist asks for (RFC 8216bis, 6.2.5).
///
/// ```
/// playlist.m3u8?_HLS_msn=17&_HLS_part=3&_HLS_skip=YES
/// ```
/// Other parameters, also those that begin with `_HLS_`, are ignored, as the specification wants it.
struct PlaylistDirectives: Equatable {
    enum Failure: Error, Equatable {
        /// The parameter is no number in decimal digits.
        case notANumber(parameter: String)
        /// There is a part and not the segment that it belongs to.
        case partWithoutSegment
    }

    /// What the playlist is to contain; `nil` when any will do.
    let wanted: PlaylistPlace?
    /// What to leave out of it. A value that we do not know is ignored: the whole playlist is always an answer.
    let delta: MediaPlaylist.Delta?

    init(_ query: String) throws(Failure) {
        guard !query.isEmpty else {
            wanted = nil
            delta = nil
            return
        }
        let parameters = QueryParameters(query)
        let sequence = try Self.number("_HLS_msn", in: parameters)
        let part = try Self.number("_HLS_part", in: parameters)
        if part != nil && sequence == nil { throw .partWithoutSegment }
        wanted = sequence.map { PlaylistPlace(sequence: Int64($0), part: part) }
        delta =
            switch parameters["_HLS_skip"] {
            case "YES": .skip
            case "v2": .skipV2
            default: nil
            }
    }

    private static func number(_ name: String, in parameters: QueryParameters) throws(Failure) -> Int? {
        guard let value = parameters[name] else { return nil }
        guard let number = QueryParameters.integer(value) else { throw .notANumber(parameter: name) }
        return number
    }
}
