import Foundation
import HTTP
import StreamingCore
import Testing

@testable import APIService

@Suite struct QualityLevelRoutesTests {
    private let configured: QualityLadder

    init() throws {
        configured = try QualityLadder([
            QualityLevel(name: "720p", height: 720, videoBitsPerSecond: 5_000_000),
            QualityLevel(name: "480p", height: 480, videoBitsPerSecond: 2_000_000, frameRateMax: 30),
        ])
    }

    private static let configuredText = """
        {"origin":"configuration","quality_levels":[\
        {"enabled":true,"frame_rate_max":null,"height":720,"name":"720p","video_bits_per_second":5000000},\
        {"enabled":true,"frame_rate_max":30,"height":480,"name":"480p","video_bits_per_second":2000000}]}
        """

    @Test func `without any that were set the configured levels count`() async throws {
        let answer = try await TestAPI(configured: configured).send(.get, "/quality-levels")
        #expect(answer.status == 200)
        #expect(answer.fields["cache-control"] == "no-store")
        #expect(answer.text == Self.configuredText)
        let none = try await TestAPI().send(.get, "/quality-levels")
        #expect(none.text == #"{"origin":"configuration","quality_levels":[]}"#)
    }

    @Test func `levels that are set take the place of those before, sorted, until an empty list is set`() async throws {
        let api = try await TestAPI(configured: configured)
        let answer = await api.send(
            .put, "/quality-levels",
            body: """
                [{"name": "low", "height": 360, "video_bits_per_second": 800000, "enabled": false},
                 {"frame_rate_max": 60, "name": "high", "height": 1080, "video_bits_per_second": 6000000}]
                """)
        #expect(answer.status == 200)
        #expect(
            answer.text == """
                {"origin":"api","quality_levels":[\
                {"enabled":true,"frame_rate_max":60,"height":1080,"name":"high","video_bits_per_second":6000000},\
                {"enabled":false,"frame_rate_max":null,"height":360,"name":"low","video_bits_per_second":800000}]}
                """)
        #expect(await api.send(.get, "/quality-levels").text == answer.text)
        #expect(api.log.text.contains("quality levels replaced") && api.log.text.contains("high,low"))
        let other = await api.send(
            .put, "/quality-levels", body: #"[{"name": "only", "height": 720, "video_bits_per_second": 1000000}]"#)
        #expect(other.status == 200)
        #expect(!other.text.contains("high") && !other.text.contains("low"))
        #expect(await api.send(.put, "/quality-levels", body: "[]").text == Self.configuredText)
        #expect(await api.send(.get, "/quality-levels").text == Self.configuredText)
    }

    @Test func `what was answered can be sent again`() async throws {
        let api = try await TestAPI(configured: configured)
        let levels = try #require(await api.send(.get, "/quality-levels").members["quality_levels"] as? [[String: Any]])
        let body = String(decoding: try JSONSerialization.data(withJSONObject: levels), as: UTF8.self)
        let answer = await api.send(.put, "/quality-levels", body: body)
        #expect(answer.text == Self.configuredText.replacing(#""configuration""#, with: #""api""#))
    }

    private static let full = #""name": "a", "height": 720, "video_bits_per_second": 1000000"#

    @Test(arguments: [
        ("[{\(full)}, 5]", "[1]", "must be an object"),
        ("[null]", "[0]", "must be an object"),
        (#"[{"height": 720, "video_bits_per_second": 1000000}]"#, "[0].name", "is required"),
        (#"[{"name": 5, "height": 720, "video_bits_per_second": 1}]"#, "[0].name", "must be a string"),
        (#"[{"name": "A", "height": 720, "video_bits_per_second": 1000000}]"#, "[0].name", "must have 1 to 32 of"),
        (#"[{"name": "audio", "height": 720, "video_bits_per_second": 1000000}]"#, "[0].name", "must have 1 to 32 of"),
        (#"[{"name": "a", "video_bits_per_second": 1000000}]"#, "[0].height", "is required"),
        (#"[{"name": "a", "height": "720", "video_bits_per_second": 1}]"#, "[0].height", "must be a whole number"),
        (#"[{"name": "a", "height": 720.5, "video_bits_per_second": 1}]"#, "[0].height", "must be a whole number"),
        (#"[{"name": "a", "height": 1e99, "video_bits_per_second": 1}]"#, "[0].height", "must be a whole number"),
        (#"[{"name": "a", "height": 721, "video_bits_per_second": 1000000}]"#, "[0].height", "must be an even number"),
        (#"[{"name": "a", "height": 720}]"#, "[0].video_bits_per_second", "is required"),
        (
            #"[{"name": "a", "height": 720, "video_bits_per_second": 1}]"#, "[0].video_bits_per_second",
            "must be a number from 50000 to 100000000"
        ),
        ("[{\(full), \"frame_rate_max\": \"30\"}]", "[0].frame_rate_max", "must be null or a whole number"),
        ("[{\(full), \"frame_rate_max\": 0}]", "[0].frame_rate_max", "must be null or a number from 1 to 240"),
        ("[{\(full), \"enabled\": 1}]", "[0].enabled", "must be true or false"),
        ("[{\(full)}, {\(full)}]", "[1].name", "is there twice"),
        (
            #"[{"name": "b", "height": 480, "video_bits_per_second": 1000000}, {\#(full)}]"#,
            "[0].video_bits_per_second", "must be below that of a, whose picture is larger"
        ),
        ("[" + Array(repeating: "{\(full)}", count: 9).joined(separator: ",") + "]", "[8]", "is one too many"),
    ])
    func `a level that is wrong is refused by its place, and nothing is changed`(
        body: String, field: String, reason: String
    ) async throws {
        let api = try await TestAPI(configured: configured)
        let answer = await api.send(.put, "/quality-levels", body: body)
        answer.expectProblem(422, "invalid_value")
        #expect(answer.string("detail").hasPrefix("The member '\(field)' \(reason)"))
        #expect(await api.send(.get, "/quality-levels").text == Self.configuredText)
    }

    @Test(arguments: ["", "[{]", "[[[[", "[],", "[1,]", "[{\(full),}]", "[{\(full)},]", "[{'name': \"a\"}]"])
    func `a body that is no JSON is told so`(body: String) async throws {
        let answer = try await TestAPI().send(.put, "/quality-levels", body: body)
        answer.expectProblem(400, "malformed_body")
        #expect(answer.string("detail").hasPrefix("The body is not JSON: "))
    }

    @Test func `a member that is there twice is refused`() async throws {
        let answer = try await TestAPI().send(.put, "/quality-levels", body: "[{\(Self.full), \"name\": \"b\"}]")
        answer.expectProblem(400, "malformed_body")
        #expect(answer.string("detail").contains("the member 'name' is there twice"))
    }

    @Test(arguments: ["{}", #"{"quality_levels": []}"#, "5", "null"])
    func `a body that is no list is malformed`(body: String) async throws {
        let answer = try await TestAPI().send(.put, "/quality-levels", body: body)
        answer.expectProblem(400, "malformed_body")
        #expect(answer.string("detail") == "The body is not a JSON list.")
    }

    @Test func `a member that means nothing is refused by its place`() async throws {
        let answer = try await TestAPI().send(.put, "/quality-levels", body: "[{\(Self.full), \"widht\": 1280}]")
        answer.expectProblem(422, "unknown_member")
        #expect(answer.string("detail").contains("'[0].widht'"))
    }

    @Test func `levels are the administrator's`() async throws {
        let api = try await TestAPI()
        await api.send(.get, "/quality-levels", token: nil).expectProblem(401, "missing_token")
        await api.send(.put, "/quality-levels", body: "[]", token: nil).expectProblem(401, "missing_token")
        await api.send(.put, "/quality-levels", body: "[]", token: "wrong").expectProblem(401, "wrong_token")
        #expect(await api.send(.post, "/quality-levels").fields["allow"] == "GET, HEAD, PUT, OPTIONS")
    }

    @Test func `a database that fails is told, not what it said`() async throws {
        struct Failing: QualityLevelRepository {
            func list() async throws(StreamError) -> QualityLadder { throw .database(reason: "/secret") }
            func replaceAll(with ladder: QualityLadder) async throws(StreamError) {
                throw .database(reason: "/secret")
            }
        }
        let api = try await TestAPI(qualityLevels: Failing())
        for answer in [await api.send(.get, "/quality-levels"), await api.send(.put, "/quality-levels", body: "[]")] {
            answer.expectProblem(503, "database_unavailable")
            #expect(!answer.text.contains("/secret"))
        }
    }
}
