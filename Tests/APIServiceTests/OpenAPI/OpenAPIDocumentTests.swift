import Bytes
import Foundation
import HTTP
import StreamingCore
import Testing

@testable import APIService

@Suite struct OpenAPIDocumentTests {
    private func document() async throws -> [String: Any] {
        let answer = await (try TestAPI()).send(.get, "/openapi.json", token: nil)
        #expect(answer.status == 200)
        #expect(answer.fields["content-type"] == "application/json")
        return answer.members
    }

    @Test func `every route is described, and nothing else`() async throws {
        let routes = Set(try await TestAPI().router.patterns.map { "\($0.method.rawValue) \($0.pattern)" })
        let described = OpenAPIDocument.api.map { "\($0.method.rawValue) \($0.path)" }
        #expect(Set(described) == routes)
        #expect(Set(described).count == described.count)
        let names = (OpenAPIDocument.api + OpenAPIDocument.playback).map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func `it is OpenAPI 3 1, and every reference leads somewhere`() async throws {
        let document = try await document()
        #expect(document["openapi"] as? String == "3.1.0")
        let components = try #require(document["components"] as? [String: Any])
        let schemas = try #require(components["schemas"] as? [String: Any])
        let text = OpenAPIDocument.bytes.string
        var found = 0
        for piece in text.split(separator: "\"#/components/schemas/").dropFirst() {
            let name = String(piece.prefix { $0 != "\"" })
            #expect(schemas[name] != nil, "\(name) is not there")
            found += 1
        }
        #expect(found > schemas.count)
    }

    /// The names of an object's members, those of all its parts together.
    private func members(of schema: OpenAPIValue) -> Set<String> {
        if case .string(let reference)? = schema["$ref"] {
            let name = String(reference.split(separator: "/").last ?? "")
            return members(of: OpenAPIDocument.document["components"]?["schemas"]?[name] ?? [:])
        }
        if case .array(let parts)? = schema["allOf"] { return parts.reduce(into: []) { $0.formUnion(members(of: $1)) } }
        guard case .object(let properties)? = schema["properties"] else { return [] }
        return Set(properties.keys)
    }

    @Test func `answers have the members that are described, and no others`() async throws {
        let api = try await TestAPI(playback: PlaybackSigner(Secret("a secret that is long enough")))
        let created = try await api.makeStream()
        let id = created.string("id")
        func expect(_ answer: Answer, _ schema: String) {
            #expect(Set(answer.names) == members(of: OpenAPISchema.ref(schema)), "\(schema)")
        }
        expect(created, "CreatedStream")
        expect(await api.send(.get, "/streams/\(id)"), "Stream")
        expect(await api.send(.get, "/streams/\(id)", token: nil), "PublicStream")
        expect(await api.send(.get, "/streams"), "StreamList")
        expect(await api.send(.post, "/streams/\(id)/keys"), "IssuedKey")
        expect(await api.send(.get, "/streams/\(id)/keys"), "KeyList")
        expect(await api.send(.get, "/streams/\(id)/recordings"), "RecordingList")
        expect(await api.send(.get, "/streams/\(id)/viewers"), "ViewerList")
        expect(await api.send(.get, "/metrics/\(id)"), "MetricsRange")
        expect(await api.send(.get, "/overview"), "Overview")
        expect(await api.send(.get, "/quality-levels"), "QualityLevels")
        expect(await api.send(.post, "/streams/\(id)/playback-urls"), "PlaybackURLs")
        expect(await api.send(.get, "/health/ready"), "Readiness")
    }

    @Test func `every code of a failure is described`() {
        let text = OpenAPIDocument.bytes.string
        for failure in IdempotencyFailure.allCases { #expect(text.contains("\"\(failure.rawValue)\"")) }
        for code in StreamHealth.Code.allCases { #expect(text.contains("\"\(code.rawValue)\"")) }
    }
}
