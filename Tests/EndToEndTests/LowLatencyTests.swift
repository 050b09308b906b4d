import Bytes
import Foundation
import TestKit
import Testing

extension LadderTests {
    /// What low-latency players rely on, asked of a live broadcast.
    @Suite(.timeLimit(.minutes(2))) struct LowLatencyTests {
        private let sluice: SluiceProcess
        private let stream: TestStream
        private let encoder: ChildProcess
        private let folder: String
        /// The copy, and one that is encoded.
        private static let renditions = ["360p", "180p"]

        init() async throws {
            sluice = try await SluiceProcess(environment: LadderTests.small.merging(["THUMBNAIL_SECONDS": "2"]) { $1 })
            let clip = try await LadderTests.clip(in: sluice)
            stream = try await sluice.makeStream()
            encoder = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            folder = "/hls/\(stream.id)/"
            let (sluice, stream) = (sluice, stream)
            try await eventually("there are segments") { try await sluice.get(stream.master).status == 200 }
        }

        private func playlist(_ rendition: String, _ query: String = "") async throws -> HLSMediaPlaylist {
            var inspection = HLSInspection()
            let text = try await sluice.text("\(folder)\(rendition)/playlist.m3u8\(query)")
            let playlist = inspection.read(media: text, at: rendition)
            #expect(inspection.violations == [])
            return playlist
        }

        @Test func `reloads wait for their part, updates merge, nonsense is refused`() async throws {
            async let updates: Void = updatesMerge()
            try await reloadsWaitForTheirPart()
            try await nonsenseIsRefused()
            try await updates
        }

        @Test func `parts, growing segments, keyframes and still pictures are what they say`() async throws {
            async let growing: Void = segmentsGrowByChunks()
            async let stills: Void = stillPicturesChange()
            async let keyframes: Void = rangesAreKeyframes()
            try await hintedPartsAreHeld()
            _ = try await (growing, stills, keyframes)
        }

        // MARK: Reloads

        /// A reload for the next part is answered when that part is there.
        private func reloadsWaitForTheirPart() async throws {
            for rendition in Self.renditions {
                var known = try await playlist(rendition)
                let target = Double(try #require(known.partTarget)) / 100_000
                var waits: [Double] = []
                for _ in 0..<12 {
                    let (sequence, part) = (known.nextNumber, known.open.parts.count)
                    let began = ContinuousClock.now
                    known = try await playlist(rendition, "?_HLS_msn=\(sequence)&_HLS_part=\(part)")
                    waits.append((ContinuousClock.now - began) / .seconds(1))
                    let isThere = known.nextNumber > sequence || known.open.parts.count > part
                    #expect(isThere, "\(rendition): \(sequence).\(part) was asked for, it is at \(known.edge)")
                }
                // Other tests have the machine too: most must be in time, and all together.
                waits.sort()
                #expect(waits[waits.count / 2] <= target + 0.35, "\(rendition): \(waits)")
                #expect(waits.reduce(0, +) <= Double(waits.count) * target + 2, "\(rendition): \(waits)")
                #expect(waits.reduce(0, +) >= Double(waits.count - 3) * target * 0.85, "\(rendition): \(waits)")
            }
        }

        /// An update merges into the full playlist.
        private func updatesMerge() async throws {
            try await eventually("there is something to skip", within: 40) {
                let playlist = try await playlist("240p")
                return playlist.duration > playlist.targetSeconds * 800_000
            }
            for skip in ["YES", "v2"] {
                var inspection = HLSInspection()
                let address = "240p/playlist.m3u8"
                let known = inspection.read(media: try await sluice.text(folder + address), at: address)
                let place = "?_HLS_msn=\(known.nextNumber)&_HLS_part=\(known.open.parts.count)"
                // Both are of the moment at which this part came.
                async let update = sluice.text("\(folder)\(address)\(place)&_HLS_skip=\(skip)")
                async let full = sluice.text("\(folder)\(address)\(place)")
                inspection.read(
                    delta: try await update, at: address, skipsDateRanges: skip == "v2", full: try await full)
                #expect(try await update.contains("#EXT-X-SKIP:"))
                #expect(inspection.violations == [])
            }
        }

        /// Nonsense is refused.
        private func nonsenseIsRefused() async throws {
            let next = try await playlist("360p").nextNumber
            for query in [
                "_HLS_part=0", "_HLS_msn=x", "_HLS_msn=-1", "_HLS_msn=1.5", "_HLS_msn=", "_HLS_msn=\(next)&_HLS_part=x",
                "_HLS_msn=\(next + 50)", "_HLS_msn=\(next)&_HLS_part=500", "_HLS_msn=99999999999999999999",
            ] {
                #expect(try await sluice.get("\(folder)360p/playlist.m3u8?\(query)").status == 400, "\(query)")
            }
            #expect(try await sluice.get("\(folder)360p/segment-\(next + 50).m4s").status == 404)
            #expect(try await sluice.get("\(folder)360p/segment-\(next).500.m4s").status == 404)
            #expect(try await sluice.get("\(folder)999p/playlist.m3u8").status == 404)
        }

        // MARK: Parts

        /// A hinted part is held until it is there, and parts make segments.
        private func hintedPartsAreHeld() async throws {
            for rendition in Self.renditions {
                var fetched: [String: Data] = [:]
                for _ in 0..<8 {
                    let hint = try #require(try await playlist(rendition).hints.first)
                    let address = "\(folder)\(rendition)/\(hint)"
                    async let first = sluice.data(address)
                    async let second = sluice.data(address)
                    #expect(try await first == second)
                    fetched[hint] = try await first
                    #expect(try await !first.isEmpty)
                }
                let known = try await playlist(rendition, "?_HLS_msn=\(try await playlist(rendition).nextNumber)")
                var listed = Set(fetched.keys)
                for segment in known.segments where !segment.parts.isEmpty {
                    var bytes = Data()
                    for part in segment.parts {
                        let data = try await sluice.data("\(folder)\(rendition)/\(part.address)")
                        if let before = fetched[part.address] { #expect(before == data, "\(part.address)") }
                        listed.remove(part.address)
                        bytes += data
                    }
                    #expect(try await sluice.data("\(folder)\(rendition)/\(segment.address)") == bytes)
                }
                #expect(listed == [], "hinted at, and in no segment")
            }
        }

        /// A segment in progress comes in one chunk for each part.
        private func segmentsGrowByChunks() async throws {
            for rendition in Self.renditions {
                let known = try await playlist(rendition)
                // The segment that begins next: it is held, and then comes from its first part on.
                let number = known.nextNumber + 1
                let path = "/dash/\(stream.id)/\(rendition)/segment-\(number).m4s"
                try await eventually("it is about to begin") { try await playlist(rendition).nextNumber >= number }
                let answer = try await ChunkedAnswer(to: path, from: sluice.httpPort)
                #expect(answer.status == 200)
                #expect(answer.isComplete)
                #expect(answer.chunks.count >= 3)
                let finished = try await playlist(rendition, "?_HLS_msn=\(number)")
                let segment = try #require(finished.segment(number))
                var parts: [Data] = []
                for part in segment.parts {
                    parts.append(try await sluice.data("\(folder)\(rendition)/\(part.address)"))
                }
                #expect(answer.chunks.map(\.count) == parts.map(\.count))
                #expect(answer.chunks == parts)
                #expect(try await sluice.data(path) == answer.chunks.reduce(Data(), +))
                // As it was made, and not at its end.
                let target = Double(try #require(finished.partTarget)) / 100_000
                #expect(answer.seconds >= target * Double(segment.parts.count) / 2, "\(answer.seconds) s")
            }
        }

        // MARK: Pictures

        /// Every range of the playlist of keyframes is one keyframe.
        private func rangesAreKeyframes() async throws {
            var viewer = StrictViewer(of: stream, on: sluice)
            try await eventually("there are keyframes in several segments") {
                try await viewer.open()
                return viewer.inspection.media.filter(\.value.isKeyframesOnly).contains { $0.value.segments.count >= 3 }
            }
            let playlists = viewer.inspection.media.filter(\.value.isKeyframesOnly)
            #expect(playlists.count >= 1)
            for (address, playlist) in playlists {
                let folder = folder + address.prefix { $0 != "/" } + "/"
                for segment in playlist.segments where !segment.isGap {
                    let range = try #require(segment.byteRange).split(separator: "@").compactMap { Int($0) }
                    let media =
                        try await sluice.data(folder + (segment.map ?? ""))
                        + (try await sluice.data(folder + segment.address, range: range[1]..<range[1] + range[0]))
                    #expect(try await MediaProbe.pictures(of: media, isCut: true, in: sluice.directory.url) == [true])
                }
            }
            #expect(viewer.inspection.violations == [])
        }

        /// The newest still picture has the shape of the video, and changes.
        private func stillPicturesChange() async throws {
            let path = "\(folder)thumbnail.jpg"
            try await eventually("there is a picture") { try await sluice.get(path).status == 200 }
            let answer = try await sluice.get(path)
            #expect(answer.headers["content-type"] == "image/jpeg")
            #expect(answer.body.prefix(3) == Data([0xFF, 0xD8, 0xFF]))
            #expect(answer.body.suffix(2) == Data([0xFF, 0xD9]))
            let size = try #require(try await MediaProbe.size(of: answer.body, in: sluice.directory.url))
            let ratio = Double(size.width) / Double(size.height)
            #expect(abs(ratio - 16.0 / 9) < 0.05, "\(size)")
            try await eventually("there is a newer picture") { try await sluice.data(path) != answer.body }
        }
    }
}
