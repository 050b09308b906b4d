import Foundation

// What holds for a full media playlist by itself.

extension HLSInspection {
    mutating func checkSegments(of playlist: HLSMediaPlaylist) {
        let target = playlist.targetSeconds
        for segment in playlist.segments {
            let (name, rounded) = (segment.address, (segment.duration + 50_000) / 100_000)
            expect(.segmentsFitTarget, rounded <= target, "\(name) lasts \(segment.duration), target \(target)")
            expect(.segmentsDated, segment.dateTime != nil, "\(name) has no date")
            expect(.namesNumbered, Self.number(in: name) == segment.number, "\(name) is \(segment.number)")
            if !playlist.isTransportStream, !segment.isGap {
                expect(.segmentsMapped, segment.map != nil, "\(segment.address) has no EXT-X-MAP")
            }
            checkKeyframe(segment, in: playlist)
        }
        if !playlist.open.parts.isEmpty {
            expect(.segmentsDated, playlist.open.dateTime != nil, "the open segment has no date")
            let isMapped = playlist.open.map != nil || playlist.open.parts.allSatisfy(\.isGap)
            expect(.segmentsMapped, isMapped, "the open segment has no EXT-X-MAP")
        }
        checkDates(of: playlist)
    }

    private mutating func checkKeyframe(_ segment: HLSMediaPlaylist.Segment, in playlist: HLSMediaPlaylist) {
        guard playlist.isKeyframesOnly else { return }
        let range = segment.byteRange?.split(separator: "@", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        let isRange = range.map { $0.count == 2 && $0[0] > 0 && $0[1] >= 0 } ?? segment.isGap
        expect(.keyframeRanges, isRange, "\(segment.address) has the range \(segment.byteRange ?? "of all")")
        expect(.keyframeRanges, segment.parts.isEmpty, "\(segment.address) has parts")
    }

    /// Dates are written in milliseconds, and a segment of sound ends up to a frame off the picture's boundary.
    private mutating func checkDates(of playlist: HLSMediaPlaylist) {
        let openStart = playlist.open.parts.isEmpty ? nil : playlist.open.dateTime
        let begins =
            playlist.segments.map { ($0.dateTime, $0.discontinuity, $0.address) }
            + [(openStart, playlist.open.discontinuity, "the open segment")]
        for (segment, next) in zip(playlist.segments, begins.dropFirst()) where segment.discontinuity == next.1 {
            guard let start = segment.dateTime, let end = next.0 else { continue }
            let seam = end.timeIntervalSince(start) - Double(segment.duration) / 100_000
            expect(.datesFollow, abs(seam) <= 0.05, "\(next.2) begins \(seam) s off")
        }
    }

    /// The number in a name such as `segment-17.m4s` or `segment-17.2.m4s`.
    static func number(in address: String) -> Int? {
        Int(address.split(separator: "/").last?.drop { !$0.isNumber }.prefix { $0.isNumber } ?? "")
    }

    // MARK: Low latency

    mutating func checkParts(of playlist: HLSMediaPlaylist) {
        checkControl(of: playlist)
        guard let target = playlist.partTarget else { return }
        for segment in playlist.segments where !segment.parts.isEmpty {
            checkParts(segment.parts, of: segment.number, isOpen: false, target: target)
            let sum = segment.parts.reduce(0) { $0 + $1.duration }
            // Each duration is rounded for itself. A gap stands for what another rendition has.
            let isWhole = abs(sum - segment.duration) <= segment.parts.count + 1
            if !segment.isGap {
                expect(.partsMakeSegment, isWhole, "\(segment.address): \(sum) of \(segment.duration)")
            }
            for part in segment.parts {
                expect(.partGaps, part.isGap == segment.isGap, "\(part.address) in \(segment.address)")
            }
            if playlist.isIndependent, !segment.isGap {
                expect(.partsIndependent, segment.parts[0].isIndependent, "\(segment.parts[0].address) is not")
            }
        }
        checkParts(playlist.open.parts, of: playlist.nextNumber, isOpen: true, target: target)
        if playlist.isIndependent, let first = playlist.open.parts.first, !first.isGap {
            expect(.partsIndependent, first.isIndependent, "\(first.address) is not")
        }
        checkAge(of: playlist)
        checkHint(of: playlist)
    }

    private mutating func checkControl(of playlist: HLSMediaPlaylist) {
        let target = playlist.targetSeconds * 100_000
        let control = playlist.control
        let seconds = { (name: String) in control[name].flatMap { HLSTag.seconds($0) } }
        if playlist.hasParts {
            let part = playlist.partTarget ?? 0
            expect(.partTargetStated, part > 0 && part <= target, "\(part)")
        }
        if !control.isEmpty || playlist.partTarget != nil {
            let holdBack = seconds("HOLD-BACK") ?? 0
            let isOffered = control["CAN-BLOCK-RELOAD"] == "YES" && holdBack >= target * 3
            expect(.blockingOffered, isOffered, "\(control)")
            let skipUntil = seconds("CAN-SKIP-UNTIL")
            let isBoundary = skipUntil.map { $0 >= target * 6 } ?? (control["CAN-SKIP-DATERANGES"] == nil)
            expect(.skipBoundary, isBoundary, "\(control)")
        }
        if let part = playlist.partTarget {
            expect(.partHoldBack, seconds("PART-HOLD-BACK") ?? 0 >= part * 3, "\(control)")
        }
    }

    private mutating func checkParts(_ parts: [HLSMediaPlaylist.Part], of number: Int, isOpen: Bool, target: Int) {
        for (index, part) in parts.enumerated() {
            let numbers = part.address.split { $0 == "-" || $0 == "." }.compactMap { Int($0) }
            expect(.namesNumbered, numbers.starts(with: [number, index]), "\(part.address) is \(number).\(index)")
            expect(.partsFitTarget, part.duration <= target, "\(part.address) lasts \(part.duration), target \(target)")
            // The last part of a segment, and what stands before one that decoding can start with, may be short.
            let isLast = index + 1 == parts.count
            if isLast || parts[index + 1].isIndependent || part.isGap { continue }
            let isFull = part.duration * 100 >= target * 85
            expect(.partsFillTarget, isFull, "\(part.address) of \(parts.map(\.duration)), target \(target)")
        }
    }

    /// Parts whose segment ends more than three target durations before the end are to be gone: one segment more is
    /// the time that a server takes to notice.
    private mutating func checkAge(of playlist: HLSMediaPlaylist) {
        var behind = 0
        for segment in playlist.segments.reversed() {
            let isRecent = behind < playlist.targetSeconds * 400_000
            expect(.partsRecent, isRecent || segment.parts.isEmpty, "\(segment.address) has parts")
            behind += segment.duration
        }
    }

    private mutating func checkHint(of playlist: HLSMediaPlaylist) {
        guard !playlist.hasEnded else { return }
        expect(.partsHinted, playlist.hints.count == 1, "there are \(playlist.hints.count) hints")
        guard let hint = playlist.hints.first else { return }
        let listed = playlist.segments.flatMap(\.parts) + playlist.open.parts
        expect(.hintIsNew, !listed.contains { $0.address == hint }, "\(hint) is")
        let numbers = hint.split { $0 == "-" || $0 == "." }.compactMap { Int($0) }
        let next = [playlist.nextNumber, playlist.open.parts.count]
        let isNext = numbers.starts(with: next) || playlist.hintsBehindOpenSegment
        expect(.namesNumbered, isNext, "\(hint) is hinted at, \(next) is next")
        let addresses = playlist.reports.map(\.address)
        for report in playlist.reports {
            let isRelative = !report.address.isEmpty && !report.address.contains("://") && report.address.first != "/"
            let isAlone = addresses.count { $0 == report.address } == 1
            let isWellFormed = isRelative && isAlone && report.sequence != nil && report.part != nil
            expect(.reportsWellFormed, isWellFormed, "\(report)")
        }
    }

    // MARK: Delta updates

    mutating func checkSkip(
        _ skipped: Int, in update: HLSMediaPlaylist, skipsDateRanges: Bool, _ text: String
    ) {
        let boundary = update.control["CAN-SKIP-UNTIL"].flatMap { HLSTag.seconds($0) } ?? .max
        expect(.skipBeyondBoundary, update.duration >= boundary, "\(update.duration) are left of \(boundary)")
        let tells = text.contains("RECENTLY-REMOVED-DATERANGES=")
        expect(.skipDateRanges, tells == skipsDateRanges, "it \(tells ? "is" : "is not") there")
    }
}
