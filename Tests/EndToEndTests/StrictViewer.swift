import Foundation
import TestKit

/// A viewer that asks for playlists as a low-latency player does, and holds every answer to every rule.
///
/// One request at a time, so that what an answer reports of the other playlists can be held against them.
struct StrictViewer {
    private let sluice: SluiceProcess
    private let folder: String
    private(set) var inspection = HLSInspection()
    /// The media playlists that play at normal speed.
    private var addresses: [String] = []
    /// What the server answered instead of a playlist.
    private(set) var refusals: [String] = []

    init(of stream: TestStream, on sluice: SluiceProcess) {
        self.sluice = sluice
        folder = "/hls/\(stream.id)/"
    }

    var hasSeenTheEnd: Bool {
        !addresses.isEmpty && addresses.allSatisfy { inspection.media[$0]?.hasEnded ?? false }
    }

    /// Reads what a new viewer reads: everything.
    mutating func open() async throws {
        // With a name, so that the addresses in it are the same each time.
        let answer = try await sluice.request(
            "GET", folder + "master.m3u8", headers: ["CMCD-Session": "sid=\"strict\""], authorized: false)
        let master = inspection.read(master: String(decoding: answer.body, as: UTF8.self))
        for address in master.renditions where !addresses.contains(address) { addresses.append(address) }
        for address in addresses + master.keyframes {
            inspection.read(media: try await sluice.text(folder + address), at: address)
        }
        inspection.compareRenditions()
    }

    /// Follows the broadcast until it ends, or for a time.
    mutating func watch(seconds: Double) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var round = 0
        while ContinuousClock.now < deadline, !hasSeenTheEnd {
            // When the encoder is gone each reload takes a while.
            for address in addresses where ContinuousClock.now < deadline { try await reload(address, round: round) }
            round += 1
            // What a new viewer reads changes with every segment.
            if round % 12 == 0 { try await open() }
        }
    }

    /// Waits for the next part of a playlist, and takes by turns all of it or an update.
    private mutating func reload(_ address: String, round: Int) async throws {
        guard let known = inspection.media[address], !known.hasEnded else { return }
        let path = "\(folder)\(address)?_HLS_msn=\(known.nextNumber)&_HLS_part=\(known.open.parts.count)"
        let delta = ["", "&_HLS_skip=YES", "&_HLS_skip=v2"][round % 3]
        let answer = try await sluice.get(path + delta)
        guard answer.status == 200 else {
            refusals.append("\(path)\(delta) answered \(answer.status)")
            inspection.read(media: try await sluice.text(folder + address), at: address)
            return
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        if delta.isEmpty {
            inspection.read(media: text, at: address)
        } else {
            inspection.read(delta: text, at: address, skipsDateRanges: delta.hasSuffix("v2"))
        }
    }

    /// Fetches the segments of a rendition that list their parts, and those.
    ///
    /// - Returns: The segments that are not what their parts make together.
    func segmentsUnlikeTheirParts(in address: String) async throws -> [String] {
        let base = folder + address.prefix { $0 != "/" } + "/"
        var unlike: [String] = []
        for segment in inspection.media[address]?.segments ?? [] where !segment.parts.isEmpty && !segment.isGap {
            var bytes = Data()
            for part in segment.parts { bytes += try await sluice.get(base + part.address).body }
            let whole = try await sluice.get(base + segment.address)
            if whole.status != 200 || whole.body != bytes { unlike.append(segment.address) }
        }
        return unlike
    }
}
