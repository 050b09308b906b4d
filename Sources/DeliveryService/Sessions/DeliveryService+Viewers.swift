import Bytes
public import HTTP
import Packaging
public import StreamingCore

// Who watches: told from second to second, and by the players' pages.

extension DeliveryService {
    /// Tells others every second who watches, until cancelled: in the middle of the second, because they draw whole
    /// ones together, and each is to have one report.
    func tellAudiences() async {
        let period = ViewerLimits.reportMilliseconds
        while !Task.isCancelled {
            let past = (clock.now().unixMilliseconds + period / 2) % period
            // A cancelled sleep ends the loop by its condition.
            try? await Task.sleep(for: .milliseconds(period - past))
            tellAudience(at: clock.now())
        }
    }

    /// Tells others what is new.
    func tellAudience(at now: WallTime) {
        for (stream, report) in viewers.reports(at: now, silence: silence) {
            viewers.audience.reports.append(.audience(report), for: stream)
        }
    }

    /// How long a viewer of a stream may fetch nothing, in milliseconds.
    private func silence(of stream: StreamID) -> Int64 {
        let target = Int64(channels.find(stream)?.window.targets?.durationSeconds ?? 0) * 1000
        return max(ViewerLimits.silenceMilliseconds, target * ViewerLimits.silenceTargets)
    }

    /// How many sessions are open here.
    public var viewerCount: Int { viewers.table.openCount }

    /// Takes what a page tells of its player, `POST /hls/{stream}/beacon`: see ``ViewerBeacon``.
    ///
    /// Browsers send it while they leave and do not look at the answer.
    ///
    /// - Parameter isDASH: Whether it came below `/dash/`.
    public func beacon(for stream: StreamID, isDASH: Bool, _ request: HTTPRequest) -> HTTPResponse {
        guard request.body.count <= ViewerLimits.beaconBytesMax else {
            return ProblemDocument(.contentTooLarge, code: "beacon_too_long").response()
        }
        let beacon: ViewerBeacon
        do throws(ViewerBeacon.Failure) { beacon = try ViewerBeacon(request.body) } catch {
            switch error {
            case .malformed: return badRequest("The body must be a flat JSON object.", code: "invalid_beacon")
            case .outOfRange(let member):
                return badRequest("The member '\(member)' has a value that no player has.", code: "invalid_beacon")
            }
        }
        // Of a stream that nobody watches here there is nothing to tell.
        if channels.find(stream) != nil {
            viewers.received(beacon, request, of: stream, isDASH ? .dash : .hls, at: clock.now())
        }
        return HTTPResponse(.noContent, fields: ["cache-control": CacheControl.noStore])
    }

    /// What a new viewer is told when as many watch as may.
    func tooManyViewers() -> HTTPResponse {
        ProblemDocument(
            .serviceUnavailable, detail: "As many viewers watch as this server may have.", code: "too_many_viewers"
        ).response(fields: ["retry-after": String(ViewerLimits.retrySeconds)])
    }

    /// A document that leads a player on under the name of its session; `nil` where the request names none.
    ///
    /// It is made for this request of what all share, and not compressed.
    func named(
        _ document: RenderedDocument, _ caching: RenderedDocument.Caching, _ request: HTTPRequest
    ) -> HTTPResponse? {
        guard let name = ViewerCaller.parameter(of: request),
            let shared = document.representation(RenderedDocument.Form(coding: .identity, caching: caching))
        else { return nil }
        return named(shared, as: name, isManifest: document.kind == .manifest).response(to: request)
    }

    func named(_ shared: HTTPRepresentation, as name: String, isManifest: Bool) -> HTTPRepresentation {
        let body =
            isManifest
            ? SessionAddresses.manifest(shared.body, naming: name)
            : SessionAddresses.playlist(shared.body, naming: name)
        var control = CacheControl(.viewer)
        control.noCache = true
        // A name is safe within a tag.
        return HTTPRepresentation(
            body: [body], contentType: isManifest ? MediaType.dashManifest : MediaType.hlsPlaylist,
            etag: shared.etag.map { EntityTag("\($0.opaque)-\(name)") }, cacheControl: control.value)
    }
}
