import HTTP
import StreamingCore

// In outline: what is below a stream, playlists and segments, follows HLS (RFC 8216) and DASH (ISO/IEC 23009-1). It is
// here so that a reader finds it, and so that everything that a viewer meets is named once.

extension OpenAPIDocument {
    static var playback: [OpenAPIOperation] {
        [
            playlist(
                "/hls/{id}/master.m3u8", "getMasterPlaylist", "Where HLS players begin",
                "application/vnd.apple.mpegurl",
                [.query("container", OpenAPISchema.words(["fmp4", "ts"]), "fmp4 without it.")]),
            playlist(
                "/hls/{id}/{rendition}/playlist.m3u8", "getMediaPlaylist", "A rendition, with low latency",
                "application/vnd.apple.mpegurl",
                [
                    .query("_HLS_msn", OpenAPISchema.count, "Hold the answer until this segment is there."),
                    .query("_HLS_part", OpenAPISchema.count, "Hold the answer until this part of it is there."),
                    .query("_HLS_skip", OpenAPISchema.words(["YES", "v2"]), "Leave out what is old."),
                ]),
            playlist(
                "/dash/{id}/manifest.mpd", "getManifest", "Where DASH players begin", "application/dash+xml", []),
            recording(
                "/hls/{id}/{playlist}", "getRecordingPlaylist", "Where HLS players begin a recording",
                "application/vnd.apple.mpegurl"),
            recording(
                "/dash/{id}/{manifest}", "getRecordingManifest", "Where DASH players begin a recording",
                "application/dash+xml"),
            media("/hls/{id}/{rendition}/{file}", "getHLSMedia", "What playlists name: segments, parts"),
            media("/dash/{id}/{rendition}/{file}", "getDASHMedia", "What manifests name: segments, parts"),
            OpenAPIOperation(
                method: .get, path: "/hls/{id}/thumbnail.jpg", name: "getThumbnail", tag: "playback",
                summary: "The newest still picture", access: .open, usesDatabase: false,
                answers: [200: .answer("A picture", media: "image/jpeg")],
                problems: [404: notThere + ["thumbnail_not_found"], 503: ["not_ready"]].merging(signed) { $0 + $1 }),
            beacon("hls"), beacon("dash"),
            OpenAPIOperation(
                method: .get, path: "/streams/{id}/quality", name: "recommendQuality", tag: "playback",
                summary: "Which rendition a player should play, from what it measured", access: .open,
                usesDatabase: false,
                parameters: [
                    OpenAPIValue.query("bandwidth", OpenAPISchema.integer(1...1_000_000_000_000), "Bits per second.")
                        .merging(["required": true]),
                    .query("max_height", OpenAPISchema.integer(1...16_384), "The tallest picture, in lines."),
                    .query(
                        "buffer_seconds", ["type": "number", "minimum": 0, "maximum": 3600], "What is in reserve."),
                    .query("current", OpenAPISchema.rendition, "The rendition that it plays."),
                    .query("codecs", ["type": "string"], "Families of codecs that it can decode."),
                ],
                answers: [
                    200: [
                        "description": "The recommendation",
                        "content": ["application/json": ["schema": ["type": "object"]]],
                    ]
                ],
                problems: [
                    400: ["invalid_parameter"], 404: ["stream_not_found", "stream_not_live"], 503: ["not_ready"],
                ]),
        ]
    }

    private static func beacon(_ section: String) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .post, path: "/\(section)/{id}/beacon", name: "tell\(section.uppercased())Beacon", tag: "playback",
            summary: "What a page knows of its player", access: .open, usesDatabase: false,
            body: OpenAPISchema.ref("Beacon"), answers: [204: .answer("It is counted")],
            problems: [400: ["invalid_beacon"], 404: ["stream_not_found"], 413: ["beacon_too_long"]])
    }

    private static let notThere = ["stream_not_found", "stream_not_live", "rendition_not_found", "not_found"]
    /// Where PLAYBACK_SECRET is set.
    private static let signed = [
        401: ["playback_token_missing", "playback_token_invalid"],
        403: ["playback_signature_invalid", "playback_expired"],
    ]

    private static func playlist(
        _ path: String, _ name: String, _ summary: String, _ type: String, _ parameters: [OpenAPIValue]
    ) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .get, path: path, name: name, tag: "playback", summary: summary, access: .open,
            usesDatabase: false, parameters: parameters,
            answers: [
                200: .answer("The playlist or manifest", media: type), 302: .answer("The same, signed"),
                304: .answer("It has not changed"),
            ],
            problems: [
                400: ["invalid_container", "invalid_directive", "too_far_ahead"], 404: notThere,
                503: ["not_ready", "too_many_viewers"],
            ].merging(signed) { first, _ in first })
    }

    private static func recording(
        _ path: String, _ name: String, _ summary: String, _ type: String
    ) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .get, path: path, name: name, tag: "playback", summary: summary, access: .open,
            usesDatabase: false,
            answers: [
                200: .answer("The playlist or manifest", media: type), 302: .answer("The same, signed"),
                304: .answer("It has not changed"),
            ],
            problems: [404: ["recording_not_found", "not_found"], 503: ["not_ready", "too_many_viewers"]]
                .merging(signed) { first, _ in first })
    }

    private static func media(_ path: String, _ name: String, _ summary: String) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .get, path: path, name: name, tag: "playback", summary: summary, access: .open,
            usesDatabase: false,
            answers: [
                200: .answer("The bytes", media: "*/*"), 206: .answer("A range of them", media: "*/*"),
                304: .answer("They never change"),
            ],
            problems: [
                404: notThere + ["segment_not_found"], 412: [], 416: [], 503: ["not_ready"],
            ].merging(signed) { first, _ in first })
    }
}
