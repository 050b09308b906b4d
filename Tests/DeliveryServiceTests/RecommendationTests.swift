import Bytes
import HTTP
import Packaging
import StreamingCore
import TestKit
import Testing

@testable import DeliveryService

@Suite struct RecommendationTests {
    private func ask(_ stage: Stage, _ query: String) -> (status: HTTPStatus, text: String, fields: HTTPFields) {
        let request = HTTPRequest(method: .get, path: "/streams/\(stage.stream)/quality", query: query)
        let response = stage.service.recommendation(for: stage.stream, to: request)
        guard case .shared(let buffers) = response.body else { return (response.status, "", response.fields) }
        return (response.status, buffers.map(\.string).joined(), response.fields)
    }

    @Test func `a live stream's renditions are recommended`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            #expect(ask(stage, "bandwidth=1").status == .notFound)
            try await stage.begin()
            #expect(ask(stage, "bandwidth=1").status == .serviceUnavailable)
            try await stage.play(frames: 400)
            let answer = ask(
                stage, "bandwidth=3000000&max_height=720&buffer_seconds=2.5&current=audio&codecs=avc1,mp4a")
            #expect(answer.status == .ok)
            #expect(answer.fields["content-type"] == "application/json")
            #expect(answer.fields["cache-control"] == "no-store")
            #expect(answer.text.hasPrefix("{\"stream_id\":\"\(stage.stream)\",\"recommended\":{\"name\":\"audio\""))
            #expect(answer.text.contains("\"codecs\":\"mp4a.40.2\"},\"reason\":\"bandwidth\",\"renditions\":[{"))
        }
    }

    @Test(arguments: [
        ("", "bandwidth"), ("bandwidth=", "bandwidth"), ("bandwidth=-1", "bandwidth"), ("bandwidth=0", "bandwidth"),
        ("bandwidth=1e6", "bandwidth"), ("bandwidth=99999999999999999999", "bandwidth"),
        ("bandwidth=1&max_height=0", "max_height"), ("bandwidth=1&max_height=tall", "max_height"),
        ("bandwidth=1&max_height=16385", "max_height"), ("bandwidth=1&buffer_seconds=-1", "buffer_seconds"),
        ("bandwidth=1&buffer_seconds=nan", "buffer_seconds"), ("bandwidth=1&buffer_seconds=inf", "buffer_seconds"),
        ("bandwidth=1&buffer_seconds=", "buffer_seconds"), ("bandwidth=1&current=", "current"),
        ("bandwidth=1&current=%22%7D", "current"),
    ]) func `a senseless parameter is refused by name`(query: String, parameter: String) throws {
        do {
            _ = try QualityRecommendation.Situation(QueryParameters(query))
            Issue.record("\(query) was taken")
        } catch {
            #expect(error.parameter == parameter)
        }
    }

    @Test func `parameters are read in their units`() throws {
        let situation = try QualityRecommendation.Situation(
            QueryParameters("bandwidth=6000000&max_height=1080&buffer_seconds=4.25&current=480p&codecs=avc1%2Cmp4a"))
        #expect(
            situation
                == .init(
                    bandwidth: 6_000_000, heightMax: 1080, codecFamilies: ["avc1", "mp4a"], current: "480p",
                    bufferMilliseconds: 4250))
    }
}
