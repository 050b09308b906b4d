import Foundation
import TestKit
import Testing

extension LadderTests {
    /// Segments of a number begin at the same time in all renditions, whatever the encoder's keyframes do.
    ///
    /// `ALIGNMENT_SECONDS` says for how long; 20 unless set.
    @Suite(.timeLimit(.minutes(15))) struct AlignmentTests {
        struct Source: Sendable {
            let name: String
            /// In frames, of which there are 25 in a second.
            let keyframeInterval: Int
            var keyframeSeconds: [Double] = []
            let isCopied: Bool
            /// Whether keyframes are close enough together for every segment to begin with one.
            var areKeyframesFrequent = true
        }

        static let sources = [
            Source(name: "constant", keyframeInterval: 50, isCopied: true),
            Source(
                name: "variable", keyframeInterval: 1000,
                keyframeSeconds: [1.9, 3.5, 4.8, 6.9, 8.2, 10.4, 12.1, 14, 15.5, 17.6, 18.8], isCopied: true),
            // Never more than twice the target duration apart.
            Source(
                name: "seldom", keyframeInterval: 1000,
                keyframeSeconds: [0.6, 1.9, 3.5, 4.2, 7.8, 8, 11.9, 13.3, 16.4],
                isCopied: true, areKeyframesFrequent: false),
            // What OBS does when nobody tells it otherwise.
            Source(name: "250 frames", keyframeInterval: 250, isCopied: false),
        ]

        private static let seconds =
            ProcessInfo.processInfo.environment["ALIGNMENT_SECONDS"].flatMap { Double($0) } ?? 20

        @Test func `segments begin with a keyframe and at the same time in all renditions`() async throws {
            try await withThrowingTaskGroup { group in
                for source in Self.sources { group.addTask { try await broadcast(source) } }
                try await group.waitForAll()
            }
        }

        /// How long decode times of pictures lie before presentation times, in seconds.
        private static let decodeLead = 0.1

        private func broadcast(_ source: Source) async throws {
            // Each has a server of its own: one that knows nothing yet of its streams takes one only.
            let sluice = try await SluiceProcess(environment: LadderTests.small.merging(["DVR_SECONDS": "600"]) { $1 })
            let clip = try await TestClip.make(
                in: sluice.directory.url, seconds: 20, keyframeInterval: source.keyframeInterval,
                keyframeSeconds: source.keyframeSeconds, kilobits: 500, name: source.name)
            let stream = try await sluice.makeStream()
            let encoder = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            var viewer = StrictViewer(of: stream, on: sluice)
            try await eventually("\(source.name) is long enough", within: Self.seconds * 2 + 30) {
                guard try await sluice.get(stream.master).status == 200 else { return false }
                try await viewer.open()
                return viewer.inspection.media.values.contains { Double($0.duration) >= Self.seconds * 100_000 }
            }
            let report = try await sluice.report(of: stream)
            #expect(report.pictures == LadderTests.names, "\(source.name)")
            #expect(report.copies == (source.isCopied ? ["360p"] : []), "\(source.name)")
            #expect((report.transcoding?.copyRefusal == nil) == source.isCopied, "\(source.name)")
            #expect(report.transcoding?.state == "running", "\(source.name): \(report.transcoding?.reason ?? "")")
            try await encoder.stop()
            try await eventually("\(source.name) has ended") {
                try await viewer.open()
                return viewer.hasSeenTheEnd
            }
            try await compareStarts(of: source, stream, on: sluice, viewer.inspection)
            try await compareTransportStreams(stream, on: sluice, viewer.inspection)
            #expect(!viewer.inspection.broken.contains(.segmentsAligned), "\(source.name)")
        }

        /// Where a segment of a rendition begins.
        private struct Start: Hashable {
            /// In milliseconds.
            let time: Int
            let isKeyframe: Bool
        }

        /// Looks into every segment that playlists list.
        private func compareStarts(
            of source: Source, _ stream: TestStream, on sluice: SluiceProcess, _ inspection: HLSInspection
        ) async throws {
            var starts: [Int: [String: Start]] = [:]
            for (address, playlist) in inspection.media where !playlist.isKeyframesOnly {
                let rendition = String(address.prefix { $0 != "/" })
                let folder = "/hls/\(stream.id)/\(rendition)/"
                for segment in playlist.segments {
                    let media =
                        try await sluice.data(folder + (segment.map ?? ""))
                        + (try await sluice.data(folder + segment.address))
                    let kind = rendition == "audio" ? MediaProbe.Kind.audio : .video
                    let packets = try await MediaProbe.packets(
                        of: media, kind, isCut: !source.areKeyframesFrequent, in: sluice.directory.url)
                    let first = try #require(packets.first)
                    // Where pictures are cut apart from those they refer to, the order of decoding is what is cut.
                    let time =
                        source.areKeyframesFrequent
                        ? packets.map(\.presentationTime).min() ?? -1
                        : first.decodeTime + (kind == .video ? Self.decodeLead : 0)
                    starts[segment.number, default: [:]][rendition] = Start(
                        time: Int((time * 1000).rounded()), isKeyframe: first.isKeyframe)
                }
            }
            #expect(Double(starts.count) >= Self.seconds / 4, "\(source.name): \(starts.count) segments")
            for (number, begins) in starts {
                let pictures = LadderTests.names.compactMap { begins[$0] }
                #expect(pictures.count == LadderTests.names.count, "\(source.name), \(number): \(begins)")
                #expect(Set(pictures).count == 1, "\(source.name), \(number): \(begins)")
                let first = try #require(pictures.first), audio = try #require(begins["audio"])
                #expect(first.isKeyframe || !source.areKeyframesFrequent, "\(source.name), \(number): \(begins)")
                // Sound is cut at its first frame that is not before the pictures.
                #expect((-1...23).contains(audio.time - first.time), "\(source.name), \(number): \(begins)")
            }
        }

        /// The same, of the transport streams that are made of the segments: their times are written as they are.
        private func compareTransportStreams(
            _ stream: TestStream, on sluice: SluiceProcess, _ inspection: HLSInspection
        ) async throws {
            let numbers = inspection.media["180p/playlist.m3u8"]?.segments.map(\.number) ?? []
            for number in [numbers.first, numbers.last].compactMap(\.self) {
                var times: Set<Int> = []
                for rendition in LadderTests.names {
                    let media = try await sluice.data("/hls/\(stream.id)/\(rendition)/segment-\(number).ts")
                    let packets = try await MediaProbe.packets(of: media, .video, isCut: true, in: sluice.directory.url)
                    let first = try #require(packets.map(\.presentationTime).min())
                    times.insert(Int((first * 1000).rounded()))
                }
                #expect(times.count == 1, "\(number): \(times)")
            }
        }
    }
}
