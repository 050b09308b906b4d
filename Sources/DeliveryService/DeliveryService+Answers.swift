import Bytes
import HTTP

// The answers that all kinds of requests have in common.

extension DeliveryService {
    /// How long caches may keep the news that something is not there.
    enum Absence {
        /// What is not there may be there in a moment: it must be asked for again.
        case soon
        /// Some seconds.
        case lasting(seconds: Int)
    }

    /// Bytes under a segment's name never change, so a name is all the tag that is needed.
    func immutable(_ body: [Bytes], type: String, tag: String, modified: Int? = nil) -> HTTPRepresentation {
        HTTPRepresentation(
            body: body, contentType: type, etag: EntityTag(tag), lastModifiedUnixSeconds: modified,
            cacheControl: Self.segmentCacheControl)
    }

    private static let segmentCacheControl: String = {
        var control = CacheControl(maxAgeSeconds: 3600)
        control.isImmutable = true
        return control.value
    }()

    func notFound(
        _ detail: String, code: String = "not_found", _ absence: Absence = .lasting(seconds: 1)
    ) -> HTTPResponse {
        var response = ProblemDocument(.notFound, detail: detail, code: code).response()
        var control = CacheControl()
        switch absence {
        case .soon: control.noCache = true
        case .lasting(let seconds): control.maxAgeSeconds = seconds
        }
        response.fields.set("cache-control", control.value)
        return response
    }

    func segmentNotFound(_ absence: Absence = .lasting(seconds: 1)) -> HTTPResponse {
        notFound("There is no such segment, or not any more.", code: "segment_not_found", absence)
    }

    func badRequest(_ detail: String, code: String) -> HTTPResponse {
        ProblemDocument(.badRequest, detail: detail, code: code).response()
    }

    func unavailable(_ detail: String) -> HTTPResponse {
        ProblemDocument(.serviceUnavailable, detail: detail, code: "not_ready").response(fields: ["retry-after": "1"])
    }
}
