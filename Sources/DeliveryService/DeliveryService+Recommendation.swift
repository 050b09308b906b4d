import Bytes
public import HTTP
import Media
import Packaging
public import StreamingCore

// GET /streams/{id}/quality?bandwidth=6000000&max_height=1080&buffer_seconds=4.2&current=480p&codecs=avc1,mp4a
//
// {
//   "stream_id": "...",
//   "recommended": {"name": "480p", "bits_per_second": 2128000, "height": 480, "codecs": "avc1.64001e,mp4a.40.2"},
//   "reason": "not_safe_to_rise",
//   "renditions": [{...}, ...]                the best first
// }

extension DeliveryService {
    /// Recommends a rendition of a live stream to a player that tells what it measured.
    ///
    /// - Returns: 200 with the recommendation; 400 for parameters that are missing or senseless; 404 when the stream is
    ///   not on air here; 503 while it has nothing to play yet.
    public func recommendation(for stream: StreamID, to request: HTTPRequest) -> HTTPResponse {
        let situation: QualityRecommendation.Situation
        do throws(SituationFailure) { situation = try .init(request.parameters) } catch {
            return badRequest(
                "The parameter '\(error.parameter)' must be \(error.expected).", code: "invalid_parameter")
        }
        guard let window = channels.find(stream)?.window, window.state != .idle else {
            return notFound("The stream is not on air.", code: "stream_not_live")
        }
        let choices = window.qualityChoices
        guard let recommendation = QualityRecommendation(choices, for: situation) else {
            return unavailable("The stream has begun but has nothing to play yet.")
        }
        var json = ByteWriter(capacity: 512)
        json.write(utf8: "{\"stream_id\":\"\(stream)\",\"recommended\":")
        json.write(utf8: recommendation.choice.json)
        json.write(utf8: ",\"reason\":\"\(recommendation.reason.rawValue)\",\"renditions\":[")
        json.write(utf8: choices.map(\.json).joined(separator: ","))
        json.write(utf8: "]}")
        return HTTPResponse(
            .ok, fields: ["content-type": MediaType.json, "cache-control": CacheControl.noStore],
            body: .shared([json.finish()]))
    }
}

/// A parameter of a request for a recommendation that makes no sense.
struct SituationFailure: Error, Equatable {
    let parameter: String
    let expected: String
}

extension QualityRecommendation.Situation {
    /// Pictures are never taller, in lines.
    private static let linesMax = 16_384
    /// No player has more media in reserve, in seconds.
    private static let bufferSecondsMax = 3600.0

    init(_ parameters: QueryParameters) throws(SituationFailure) {
        guard let bandwidth = parameters.integer("bandwidth"), bandwidth > 0 else {
            throw SituationFailure(parameter: "bandwidth", expected: "a number of bits per second above zero")
        }
        self.init(bandwidth: Int64(bandwidth))
        if parameters["max_height"] != nil {
            guard let height = parameters.integer("max_height"), 1...Self.linesMax ~= height else {
                throw SituationFailure(parameter: "max_height", expected: "a number of lines up to \(Self.linesMax)")
            }
            heightMax = height
        }
        if let text = parameters["buffer_seconds"] {
            guard let seconds = Double(text), 0...Self.bufferSecondsMax ~= seconds else {
                throw SituationFailure(parameter: "buffer_seconds", expected: "a number of seconds up to 3600")
            }
            bufferMilliseconds = Int64(seconds * 1000)
        }
        if let name = parameters["current"] {
            guard Rendition.isLegalName(name) else {
                throw SituationFailure(parameter: "current", expected: "the name of a rendition")
            }
            current = name
        }
        if let list = parameters["codecs"] { codecFamilies = Set(list.split(separator: ",").map(String.init)) }
    }
}

extension QualityRecommendation.Choice {
    /// Names and codecs have no character that JSON escapes.
    fileprivate var json: String {
        let lines = height.map { ",\"height\":\($0)" } ?? ""
        return "{\"name\":\"\(name)\",\"bits_per_second\":\(bitRate)\(lines),\"codecs\":\"\(codecs)\"}"
    }
}

extension LiveWindow {
    /// What the master playlist offers: the video renditions with their audio, or audio where there is no video.
    var qualityChoices: [QualityRecommendation.Choice] {
        guard let run = playableRun else { return [] }
        let videos = run.renditions.filter { $0.kind == .video }
        let audio = run.rendition(of: .audio)
        return (videos.isEmpty ? run.renditions : videos).map { variant in
            let parts = [variant] + (variant.kind == .video ? [audio].compactMap(\.self) : [])
            var height: Int?
            if case .avc(let avc) = variant.track.configuration { height = Int(avc.displaySize.height) }
            return QualityRecommendation.Choice(
                name: variant.name, bitRate: parts.reduce(0) { $0 + (rendition(named: $1.name)?.peakBitRate ?? 0) },
                height: height, codecs: parts.map(\.track.codecString).joined(separator: ","))
        }
    }
}
