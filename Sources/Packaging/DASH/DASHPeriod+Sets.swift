import Media

// Adaptation sets and representations (ISO/IEC 23009-1, 5.3.3 and 5.3.5).

extension DASHPeriod {
    /// Writes all renditions of a kind as one set, between which players switch: they are cut at the same boundaries.
    func writeSet(of kind: MediaKind, _ members: [Member], _ xml: inout XMLWriter) {
        let isVideo = kind == .video
        let pictures = members.compactMap(\.rendition.picture)
        let rates = members.compactMap { frameRate(of: $0) }
        xml.open(
            "AdaptationSet",
            [
                ("id", "\(Self.setID(of: kind))"), ("contentType", isVideo ? "video" : "audio"),
                ("mimeType", isVideo ? "video/mp4" : "audio/mp4"), ("segmentAlignment", "true"),
                members.allSatisfy(\.isIndependent) ? ("startWithSAP", "1") : nil,
                pictures.first.flatMap { Self.aspectRatio(of: $0) }.map { ("par", Self.ratio($0)) },
                pictures.map(\.size.width).max().map { ("maxWidth", "\($0)") },
                pictures.map(\.size.height).max().map { ("maxHeight", "\($0)") },
                rates.max(by: Self.isLess).map { ("maxFrameRate", Self.frameRate($0)) },
            ])
        writeContinuity(of: kind, members, &xml)
        if isLive { writeReferenceTime(of: kind, timescale: members[0].timeline.timescale, &xml) }
        xml.element("Role", [("schemeIdUri", "urn:mpeg:dash:role:2011"), ("value", "main")])
        // Usually one timeline tells of all; an initialisation segment may be older than the others.
        let isShared = members.allSatisfy {
            $0.timeline == members[0].timeline && $0.rendition.epoch == members[0].rendition.epoch
        }
        if isShared { writeTemplate(folder: "$RepresentationID$", members[0], &xml) }
        for member in members { writeRepresentation(member, hasTemplate: !isShared, &xml) }
        xml.close()
    }

    /// What the period before had is continued without a new initialisation segment where the codec configurations are
    /// the same: seamlessly, or behind a hole (5.3.2.4).
    private func writeContinuity(of kind: MediaKind, _ members: [Member], _ xml: inout XMLWriter) {
        guard let previous = context.previous else { return }
        let common = members.compactMap { member in
            previous.renditions.first { $0.name == member.rendition.name }.map { ($0, member.rendition) }
        }
        guard !common.isEmpty, common.allSatisfy({ $0.epoch == $1.epoch }) else { return }
        let isSeamless = previous.discontinuitySequence == run.discontinuitySequence
        xml.element(
            "SupplementalProperty",
            [
                ("schemeIdUri", "urn:mpeg:dash:period-\(isSeamless ? "continuity" : "connectivity"):2015"),
                ("value", "\(previous.id)"),
            ])
    }

    /// When the first picture or sound of the period was live (5.12): the same relation as that of the availability
    /// start time, said where players look for what latency is measured against.
    ///
    /// Video segments have a `prft` box too. Its flags, like the type here, say what the arrival at the ingest is: at a
    /// small and steady distance from the time of capture.
    private func writeReferenceTime(of kind: MediaKind, timescale: Int32, _ xml: inout XMLWriter) {
        let start = MediaTime(milliseconds: span.startMilliseconds)
        xml.open(
            "ProducerReferenceTime",
            [
                ("id", "\(Self.setID(of: kind))"), ("inband", kind == .video ? "true" : "false"),
                ("type", "captured"),
                ("wallClockTime", TextFormat.date(unixMilliseconds: context.window.unixMilliseconds(at: start))),
                ("presentationTime", "\(start.ticks(in: timescale))"),
            ])
        DASHManifest.writeClock(context.timeAddress, limit: 1, &xml)
        xml.close()
    }

    /// - Parameter folder: Where the segments are: a rendition's, or the placeholder for it.
    private func writeTemplate(folder: String, _ member: Member, _ xml: inout XMLWriter) {
        let timeline = member.timeline
        let start = MediaTime(milliseconds: span.startMilliseconds).ticks(in: timeline.timescale)
        let suffix = context.suffix.escaped
        xml.open(
            "SegmentTemplate",
            [
                ("timescale", "\(timeline.timescale)"), ("presentationTimeOffset", "\(start)"),
                ("startNumber", "\(timeline.startNumber)"),
                // In all periods: players take the least that they find.
                isLive ? ("availabilityTimeOffset", availabilityTimeOffset) : nil,
                isLive ? ("availabilityTimeComplete", "false") : nil,
                ("initialization", "\(folder)/init-\(member.rendition.epoch).mp4\(suffix)"),
                ("media", "\(folder)/segment-$Number$.m4s\(suffix)"),
            ])
        timeline.write(to: &xml)
        xml.close()
    }

    private var isLive: Bool { context.window.state != .ended }

    /// In seconds: how long before its end a segment can be fetched, which is when its first part is there.
    private var availabilityTimeOffset: String {
        let milliseconds = max(1, context.forecast.segmentMilliseconds - context.partMilliseconds)
        let fraction = milliseconds % 1000
        return "\(milliseconds / 1000).\(fraction < 100 ? "0" : "")\(fraction < 10 ? "0" : "")\(fraction)"
    }

    private func writeRepresentation(_ member: Member, hasTemplate: Bool, _ xml: inout XMLWriter) {
        let rendition = member.rendition
        var attributes: [(String, String)?] = [
            ("id", rendition.name),
            ("bandwidth", "\(Self.steady(context.window.rendition(named: rendition.name)?.peakBitRate ?? 0))"),
            ("codecs", rendition.track.codecString),
        ]
        var channelCount: Int?
        switch rendition.track.configuration {
        case .avc(let avc):
            attributes += [
                ("width", "\(avc.size.width)"), ("height", "\(avc.size.height)"),
                ("sar", Self.ratio(avc.sequence.sampleAspectRatio)),
                frameRate(of: member).map { ("frameRate", Self.frameRate($0)) },
            ]
        case .aac(let aac):
            attributes.append(("audioSamplingRate", "\(aac.sampleRate)"))
            channelCount = aac.channelCount
        }
        guard hasTemplate || channelCount != nil else { return xml.element("Representation", attributes) }
        xml.open("Representation", attributes)
        if let channelCount {
            xml.element(
                "AudioChannelConfiguration",
                [
                    ("schemeIdUri", "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"),
                    ("value", "\(channelCount)"),
                ])
        }
        if hasTemplate { writeTemplate(folder: rendition.name, member, &xml) }
        xml.close()
    }

    private func frameRate(of member: Member) -> Ratio? {
        context.window.rendition(named: member.rendition.name)?.frameRate(in: run)
    }

    /// The shape of the picture, which all qualities of it have but for rounding.
    private static func aspectRatio(of picture: AVCConfiguration) -> Ratio? {
        let sample = picture.sequence.sampleAspectRatio
        let (width, isWide) = UInt32(picture.size.width).multipliedReportingOverflow(by: sample.numerator)
        let (height, isHigh) = UInt32(picture.size.height).multipliedReportingOverflow(by: sample.denominator)
        return isWide || isHigh ? nil : Ratio(width, height)
    }

    private static func ratio(_ ratio: Ratio) -> String { "\(ratio.numerator):\(ratio.denominator)" }

    private static func frameRate(_ ratio: Ratio) -> String {
        ratio.denominator == 1 ? "\(ratio.numerator)" : "\(ratio.numerator)/\(ratio.denominator)"
    }

    private static func isLess(_ left: Ratio, _ right: Ratio) -> Bool {
        UInt64(left.numerator) * UInt64(right.denominator) < UInt64(right.numerator) * UInt64(left.denominator)
    }

    /// The measured peak, rounded up to two digits: what a manifest says of a representation should not change with
    /// every refresh.
    private static func steady(_ bitRate: Int64) -> Int64 {
        var step: Int64 = 1
        while bitRate / step >= 100 { step *= 10 }
        return max(1, (bitRate + step - 1) / step * step)
    }
}

extension Rendition {
    fileprivate var picture: AVCConfiguration? {
        if case .avc(let avc) = track.configuration { avc } else { nil }
    }

    /// How long a segment that begins at `start`, in ticks, lasts if it is cut at a boundary, in 1/90,000 s: sound is
    /// cut at the first frame that does not begin before it.
    func duration(from start: Int64, to boundary: Int64) -> Int64 {
        let end = MediaTime(ticks: boundary, timescale: MediaTime.videoTimescale).ticks(in: timescale)
        let duration = max(1, end - start)
        guard case .aac(let aac) = track.configuration else { return duration }
        let frame = Int64(aac.samplesPerFrame)
        return (duration + frame - 1) / frame * frame
    }
}

extension LiveWindow {
    /// The settled segments of a rendition in a range of numbers.
    func settledEntries(of name: String, numbers: Range<Int64>) -> ArraySlice<Entry> {
        guard let entries = rendition(named: name)?.entries, let first = entries.first?.segment.number,
            let settledNumber
        else { return [] }
        let lower = max(numbers.lowerBound, first)
        let upper = min(numbers.upperBound, settledNumber + 1, first + Int64(entries.count))
        return lower < upper ? entries[Int(lower - first)..<Int(upper - first)] : []
    }
}
