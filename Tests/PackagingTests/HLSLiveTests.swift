import Bytes
import Foundation
import Media
import Packaging
import TestKit
import Testing

/// Reads all playlists of a broadcast again and again while it goes on, as players would.
@Suite struct HLSLiveTests {
    /// A studio whose playlists are read whenever something changed.
    struct Theatre {
        var studio: Studio
        var inspection = HLSInspection()
        private var eventCount = 0

        init(_ configuration: Packager.Configuration = .init()) {
            studio = Studio(configuration, window: .init(windowMilliseconds: 16_000))
        }

        mutating func append(_ entry: BroadcastEntry) {
            studio.append(entry)
            read()
        }

        mutating func append(_ frames: [Frame]) { for frame in frames { append(.frame(frame)) } }

        mutating func read() {
            guard studio.events.count > eventCount else { return }
            eventCount = studio.events.count
            let window = studio.window
            if let master = MasterPlaylist.render(window) { inspection.read(master: master.string) }
            for rendition in window.renditions {
                let address = "\(rendition.name)/playlist.m3u8"
                guard let full = MediaPlaylist.render(window, rendition: rendition.name)?.string else { continue }
                if inspection.media[address] != nil {
                    let isV2 = eventCount % 2 == 0
                    let delta: MediaPlaylist.Delta = isV2 ? .skipV2 : .skip
                    if let text = MediaPlaylist.render(window, rendition: rendition.name, delta: delta)?.string {
                        inspection.read(delta: text, at: address, skipsDateRanges: isV2, full: full)
                    }
                }
                inspection.read(media: full, at: address)
                if let keyframes = IFramePlaylist.render(window, rendition: rendition.name) {
                    inspection.read(media: keyframes.string, at: "\(rendition.name)/iframes.m3u8")
                }
            }
            inspection.compareRenditions()
        }
    }

    @Test(arguments: [0, 2]) func `a long broadcast keeps every rule from part to part`(reorder: Int) {
        var theatre = Theatre()
        theatre.append(FrameScript(reorder: reorder).frames(to: 26_000))
        theatre.append(.ended)
        #expect(theatre.inspection.violations == [])
        #expect(theatre.inspection.unapplied.subtracting([.endIsFinal]) == [])
    }

    /// Whoever is woken by a part reads the playlist before the segment is announced that the part may have ended.
    @Test(arguments: [0, 2]) func `every part that is hinted at comes, whatever event was the last`(
        reorder: Int
    ) throws {
        var studio = Studio()
        studio.append(FrameScript(reorder: reorder).frames(to: 7_000))
        studio.append(.interrupted)
        studio.append(FrameScript(reorder: reorder, discontinuitySequence: 1).frames(from: 9_000, to: 14_000))
        var window = LiveWindow(.init(windowMilliseconds: 16_000))
        var inspection = HLSInspection()
        var hinted: [String: Set<String>] = [:]
        for event in studio.events {
            _ = window.apply(event)
            for rendition in window.renditions {
                guard let text = MediaPlaylist.render(window, rendition: rendition.name)?.string else { continue }
                inspection.read(media: text, at: "\(rendition.name)/playlist.m3u8")
                let hint = try #require(window.hintedPart(of: rendition.name))
                #expect(text.contains("URI=\"\(hint.dropFirst(rendition.name.count + 1))\"\n"))
                hinted[rendition.name, default: []].insert(hint)
            }
        }
        #expect(inspection.violations == [])
        let names = studio.events.compactMap { if case .part(let part) = $0 { part.name } else { nil } }
        for rendition in window.renditions {
            let last = try #require(window.hintedPart(of: rendition.name))
            let missing = hinted[rendition.name, default: []].subtracting(names).subtracting([last])
            #expect(missing.isEmpty, "\(missing.sorted())")
        }
    }

    @Test func `jitter keeps every rule`() {
        var theatre = Theatre()
        theatre.append(
            FrameScript(frameMilliseconds: 1001.0 / 30, keyframeInterval: 60, reorder: 2, jitter: 2).frames(to: 22_000))
        theatre.append(.ended)
        #expect(theatre.inspection.violations == [])
    }

    @Test func `reconnects, changed configurations and absent tracks keep every rule`() {
        var theatre = Theatre()
        theatre.append(FrameScript().frames(to: 9_000))
        theatre.append(.interrupted)
        theatre.append(FrameScript(video: Tracks.otherVideo, discontinuitySequence: 1).frames(from: 15_000, to: 22_000))
        theatre.append(.interrupted)
        theatre.append(FrameScript(audio: nil, discontinuitySequence: 2).frames(from: 30_000, to: 38_000))
        theatre.append(.interrupted)
        theatre.append(FrameScript(video: nil, discontinuitySequence: 3).frames(from: 40_000, to: 48_000))
        theatre.append(.interrupted)
        theatre.append(FrameScript(discontinuitySequence: 4).frames(from: 50_000, to: 60_000))
        theatre.append(.ended)
        #expect(theatre.inspection.violations == [])
    }

    @Test func `sound that stops and comes back keeps every rule`() {
        var theatre = Theatre()
        theatre.append(
            FrameScript().frames(to: 30_000).filter {
                $0.track.kind == .video || !(5.1..<17.3 ~= Double($0.decodeTime) / Double($0.track.timescale))
            })
        theatre.append(.ended)
        // The last frame before the hole fills it, and is longer than a part may be: nothing shorter would be true.
        #expect(theatre.inspection.violations.filter { $0.rule != .partsFitTarget } == [])
    }

    @Test func `a rung that is shed and comes back keeps every rule`() throws {
        let all = [WindowScript.high, WindowScript.low]
        var script = WindowScript(.init(windowMilliseconds: 20_000))
        var inspection = HLSInspection()
        var gapParts = 0
        let read = { (window: LiveWindow) in
            if let master = MasterPlaylist.render(window) { inspection.read(master: master.string) }
            for rendition in window.renditions {
                guard let text = MediaPlaylist.render(window, rendition: rendition.name)?.string else { continue }
                let playlist = inspection.read(media: text, at: "\(rendition.name)/playlist.m3u8")
                gapParts = max(gapParts, playlist.segments.last { $0.isGap }?.parts.count ?? 0)
            }
            inspection.compareRenditions()
        }
        var number: Int64 = 17
        for (count, renditions) in [(5, all), (7, [WindowScript.low]), (6, all)] {
            script.run(number, at: (number - 17) * 2000, renditions)
            let run = number
            for _ in 0..<count {
                let start = (number - 17) * 2
                for part in 0...5 {
                    script.parts(part...part, of: number, from: start, of: renditions)
                    read(script.window)
                }
                script.segment(
                    number, run: run, from: start, of: all.filter { !renditions.contains($0) }, isGap: true)
                read(script.window)
                script.segment(number, run: run, from: start, of: renditions)
                read(script.window)
                number += 1
            }
        }
        #expect(inspection.violations == [])
        #expect(gapParts == 6)
    }

    @Test func `playlists of transport streams keep what applies to them`() throws {
        var studio = Studio(window: .init(windowMilliseconds: 16_000))
        var inspection = HLSInspection()
        for frame in FrameScript(reorder: 2).frames(to: 40_000) {
            studio.append([frame])
            guard frame.isKeyframe, frame.track.kind == .video,
                let master = MasterPlaylist.render(studio.window, container: .transportStream),
                let text = MediaPlaylist.render(studio.window, rendition: "source", container: .transportStream)
            else { continue }
            inspection.read(master: master.string)
            #expect(!inspection.read(media: text.string, at: "source/playlist-ts.m3u8").hasParts)
        }
        #expect(inspection.violations == [])
    }

    /// Whatever is lost, comes twice or out of order: what is rendered is a legal playlist, and no name is given up
    /// twice.
    @Test(arguments: 1...4 as ClosedRange<UInt64>) func `a broken log makes no broken playlist`(seed: UInt64) throws {
        var studio = Studio()
        studio.append(FrameScript(reorder: 2).frames(to: 20_000))
        studio.append(.interrupted)
        studio.append(FrameScript(audio: nil, discontinuitySequence: 1).frames(from: 30_000, to: 50_000))
        studio.append(.ended)
        var random = Random(state: seed)
        var events: [TimelineEvent] = []
        for event in studio.events {
            switch (event, random.next() % 20) {
            case (.segment, 0), (.part, 0): continue
            case (_, 1): events += [event, event]
            case (.segment, 2), (.part, 2): events.insert(event, at: max(0, events.count - Int(random.next() % 8)))
            default: events.append(event)
            }
        }
        var window = LiveWindow(.init(windowMilliseconds: 12_000, lingerMilliseconds: 2_000))
        var removed: [String] = []
        for event in events {
            removed += window.apply(event)
            var inspection = HLSInspection()
            for rendition in window.renditions {
                guard let text = MediaPlaylist.render(window, rendition: rendition.name) else { continue }
                let playlist = inspection.read(media: text.string, at: "\(rendition.name)/playlist.m3u8")
                guard window.state != .ended else { continue }
                let edge = try #require(window.liveEdge(of: rendition.name))
                #expect(edge.sequence == Int64(playlist.edge.sequence))
                #expect(playlist.edge.part.map { $0 == edge.part } ?? true)
                #expect(window.contains(rendition: rendition.name, sequence: edge.sequence, part: edge.part))
                #expect(window.hintedPart(of: rendition.name) == "\(rendition.name)/\(playlist.hints.first ?? "")")
            }
            #expect(inspection.violations == [])
        }
        let next = BroadcastOrigin(unixMilliseconds: 1, firstSegmentNumber: 999, firstDiscontinuitySequence: 9)
        removed += window.apply(.began(next))
        #expect(Set(removed).count == removed.count)
    }
}
