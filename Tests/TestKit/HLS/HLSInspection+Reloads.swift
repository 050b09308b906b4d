import Foundation

// What holds from one copy of a playlist to the next, and from one rendition to another.

extension HLSInspection {
    mutating func check(_ playlist: HLSMediaPlaylist, after previous: HLSMediaPlaylist) {
        expect(
            .sequenceNeverBack, playlist.mediaSequence >= previous.mediaSequence,
            "\(previous.mediaSequence) became \(playlist.mediaSequence)")
        expect(
            .endNeverBack, playlist.nextNumber >= previous.nextNumber,
            "\(previous.nextNumber) became \(playlist.nextNumber)")
        let isSame =
            playlist.targetSeconds == previous.targetSeconds && playlist.partTarget == previous.partTarget
            && playlist.control == previous.control
        expect(.targetsKept, isSame, "\(previous.targetSeconds) s, \(previous.control) became another")
        if playlist.mediaSequence > previous.mediaSequence, !playlist.hasEnded {
            let isLongEnough = playlist.duration >= playlist.targetSeconds * 300_000
            expect(.windowLongEnough, isLongEnough, "\(playlist.duration) are left")
        }
        if previous.hasEnded {
            let isFinal = playlist.hasEnded && playlist.segments == previous.segments
            expect(.endIsFinal, isFinal, "\(playlist.nextNumber - previous.nextNumber) more segments")
        }
        for segment in playlist.segments {
            if let before = previous.segment(segment.number) { check(segment, after: before) }
        }
        checkDiscontinuities(of: playlist, after: previous)
        checkOpenParts(of: playlist, after: previous)
    }

    private mutating func check(_ segment: HLSMediaPlaylist.Segment, after before: HLSMediaPlaylist.Segment) {
        let isSame =
            segment.address == before.address && segment.duration == before.duration
            && segment.dateTime == before.dateTime && segment.isGap == before.isGap
            && segment.byteRange == before.byteRange && segment.map == before.map
        expect(.segmentsKept, isSame, "\(before) became \(segment)")
        // Parts may go, all at once, and not come back.
        let areSame = segment.parts == before.parts || segment.parts.isEmpty
        expect(.partsKept, areSame, "\(before.parts) became \(segment.parts)")
    }

    /// Segments keep the number of their discontinuity, and one that a playlist begins with keeps its own if the other
    /// copy does not have it any more.
    private mutating func checkDiscontinuities(of playlist: HLSMediaPlaylist, after previous: HLSMediaPlaylist) {
        for segment in playlist.segments {
            guard let before = previous.segment(segment.number) else { continue }
            expect(
                .discontinuitiesKept, segment.discontinuity == before.discontinuity,
                "\(segment.address): \(before.discontinuity) became \(segment.discontinuity)")
        }
        let (before, now) = (previous.discontinuitySequence, playlist.discontinuitySequence)
        expect(.discontinuitiesKept, now >= before, "\(before) became \(now)")
    }

    private mutating func checkOpenParts(of playlist: HLSMediaPlaylist, after previous: HLSMediaPlaylist) {
        guard let hint = previous.hints.first, playlist.nextNumber >= previous.nextNumber else { return }
        let now =
            playlist.nextNumber == previous.nextNumber
            ? playlist.open.parts : playlist.segment(previous.nextNumber)?.parts ?? []
        // A segment whose parts are not listed any more tells nothing about them.
        guard playlist.nextNumber == previous.nextNumber || !now.isEmpty else { return }
        let before = previous.open.parts
        expect(.partsKept, now.starts(with: before), "\(before) became \(now)")
        if previous.hintsBehindOpenSegment {
            // The open parts were all of their segment.
            expect(.hintKept, now.count == before.count, "\(hint) was next, and \(now.last?.address ?? "") came")
            let later = playlist.segment(previous.nextNumber + 1)?.parts ?? playlist.open.parts
            guard playlist.nextNumber > previous.nextNumber, let first = later.first else { return }
            expect(.hintKept, first.address == hint, "\(hint) became \(first.address)")
        } else if now.count > before.count {
            expect(.hintKept, now[before.count].address == hint, "\(hint) became \(now[before.count].address)")
        } else if playlist.nextNumber > previous.nextNumber, !playlist.hasEnded {
            // It ended without the part that was hinted at: then that is not to appear.
            let later = playlist.segments.flatMap(\.parts) + playlist.open.parts
            expect(.hintKept, !later.contains { $0.address == hint }, "\(hint) comes late")
        }
    }

    // MARK: Renditions

    /// A report is about another playlist, that was read before or will be: edges only rise, so that a report must not
    /// be behind what was seen before, nor what was reported be above what is seen later. A playlist that was rendered
    /// once for all its viewers tells what was when it got its own newest part: it may be a part behind.
    mutating func checkReports(of playlist: HLSMediaPlaylist, at address: String) {
        for report in playlist.reports {
            guard let other = media[Self.resolve(report.address, from: address)] else { continue }
            let isThere = !Self.isBehind(report, other)
            expect(.reportsMatch, isThere, "\(report) is behind \(other.edge)")
        }
        for (otherAddress, other) in media where otherAddress != address {
            for report in other.reports where Self.resolve(report.address, from: otherAddress) == address {
                let isReached = Self.isReached(report, by: playlist)
                expect(.reportsMatch, isReached, "\(otherAddress) has reported \(report), it is at \(playlist.edge)")
            }
        }
    }

    private static func isBehind(_ report: HLSMediaPlaylist.Report, _ other: HLSMediaPlaylist) -> Bool {
        let (sequence, part) = other.edge
        guard let reported = report.sequence else { return true }
        if reported == sequence - 1 { return part ?? 0 > 0 }
        return reported < sequence || reported == sequence && (report.part ?? 0) + 1 < part ?? 0
    }

    private static func isReached(_ report: HLSMediaPlaylist.Report, by playlist: HLSMediaPlaylist) -> Bool {
        guard let reported = report.sequence, let part = report.part else { return false }
        let (sequence, last) = playlist.edge
        if reported >= sequence { return reported == sequence && part <= last ?? .max }
        // What has been finished since tells how many parts there are.
        guard let parts = playlist.segment(reported)?.parts, !parts.isEmpty else { return true }
        return part < parts.count
    }

    /// An address relative to the multivariant playlist.
    static func resolve(_ address: String, from base: String) -> String {
        var folders = base.split(separator: "?")[0].split(separator: "/").dropLast()
        var rest = Substring(address)
        while rest.hasPrefix("../") {
            rest = rest.dropFirst(3)
            folders = folders.dropLast()
        }
        return (folders + [rest]).joined(separator: "/")
    }

    /// Holds all playlists that were read against each other; they should be of about the same moment.
    public mutating func compareRenditions() {
        let normal = media.filter { !$0.value.isKeyframesOnly }
        for (address, playlist) in media.sorted(by: { $0.key < $1.key }) {
            subject = address
            for (otherAddress, other) in media where otherAddress < address {
                let isSame = playlist.targetSeconds == other.targetSeconds
                expect(.targetsShared, isSame, "\(playlist.targetSeconds) beside \(other.targetSeconds)")
                for segment in playlist.segments {
                    if let beside = other.segment(segment.number) { check(segment, beside: beside, otherAddress) }
                }
            }
            guard normal[address] != nil, playlist.partTarget != nil, !playlist.hasEnded, let master else { continue }
            let reported = Set(playlist.reports.map { Self.resolve($0.address, from: address) })
            let missing = Set(master.renditions).subtracting(reported).subtracting([address])
            expect(.reportsComplete, missing.isEmpty, "there is none on \(missing.sorted())")
        }
    }

    private mutating func check(
        _ segment: HLSMediaPlaylist.Segment, beside other: HLSMediaPlaylist.Segment, _ address: String
    ) {
        expect(
            .discontinuitiesShared, segment.discontinuity == other.discontinuity,
            "\(segment.address): \(segment.discontinuity), in \(address) \(other.discontinuity)")
        guard !segment.isGap, !other.isGap, let left = segment.dateTime, let right = other.dateTime else { return }
        // Sound begins with its first frame that is not before the boundary, of up to 128 ms.
        let distance = abs(left.timeIntervalSince(right))
        expect(.segmentsAligned, distance <= 0.13, "\(segment.address) begins \(distance) s off \(address)")
    }
}
