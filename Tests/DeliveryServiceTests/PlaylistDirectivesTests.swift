import Packaging
import Testing

@testable import DeliveryService

@Suite struct PlaylistDirectivesTests {
    @Test(
        arguments: [
            ("", nil, nil),
            ("token=abc", nil, nil),
            ("_HLS_msn=17", PlaylistPlace(sequence: 17, part: nil), nil),
            ("_HLS_part=3&_HLS_msn=17", PlaylistPlace(sequence: 17, part: 3), nil),
            ("_HLS_msn=0&_HLS_part=0&_HLS_skip=YES", PlaylistPlace(sequence: 0, part: 0), .skip),
            ("_HLS_skip=v2", nil, .skipV2),
            ("_HLS_skip=NO&_HLS_push=1&_HLS_report=../720p.m3u8&_HLS_primary_id=x", nil, nil),
            ("_HLS_msn=%31%37", PlaylistPlace(sequence: 17, part: nil), nil),
            (
                "_HLS_msn=9223372036854775807&_HLS_part=9223372036854775807", PlaylistPlace(sequence: .max, part: .max),
                nil
            ),
        ] as [(String, PlaylistPlace?, MediaPlaylist.Delta?)])
    func `a query says what to wait for and what to leave out`(
        query: String, wanted: PlaylistPlace?, delta: MediaPlaylist.Delta?
    ) throws {
        let directives = try PlaylistDirectives(query)
        #expect(directives.wanted == wanted && directives.delta == delta)
    }

    @Test(
        arguments: [
            ("_HLS_msn=", .notANumber(parameter: "_HLS_msn")),
            ("_HLS_msn", .notANumber(parameter: "_HLS_msn")),
            ("_HLS_msn=-1", .notANumber(parameter: "_HLS_msn")),
            ("_HLS_msn=+1", .notANumber(parameter: "_HLS_msn")),
            ("_HLS_msn=1.5", .notANumber(parameter: "_HLS_msn")),
            ("_HLS_msn=0x10", .notANumber(parameter: "_HLS_msn")),
            ("_HLS_msn=9223372036854775808", .notANumber(parameter: "_HLS_msn")),
            ("_HLS_msn=1&_HLS_part=last", .notANumber(parameter: "_HLS_part")),
            ("_HLS_part=1", .partWithoutSegment),
            ("_HLS_part=1&_HLS_skip=YES", .partWithoutSegment),
        ] as [(String, PlaylistDirectives.Failure)])
    func `nonsense is refused`(query: String, failure: PlaylistDirectives.Failure) {
        #expect(throws: failure) { try PlaylistDirectives(query) }
    }
}
