import Bytes
import Codecs
import Media
import Packaging
import StreamingCore

/// Reads a stream's entries and sends them through the pipeline: decides what to make of the source.
struct SourceFeeder {
    /// What has to be told about a source.
    enum Notice: Sendable {
        case planned(LadderPlan)
        case copied
        case encoded(CopyRefusal)
        /// No more streams can be transcoded here: the source is passed on as it is.
        case refused(reason: String)
    }

    private let configuration: LadderConfiguration
    private let encoder: VideoEncoderKind
    private let targetMilliseconds: Int64
    private let slots: PipelineSlots
    private let controls: TranscodeControls
    private let stage: DecodingStage
    /// Asks whether this worker can transcode one more stream; `nil` when it can.
    private let refusal: @Sendable (_ samplesPerSecond: Double) -> String?
    /// The rungs of this broadcast.
    private var ladder: [Rung]?
    private let currentRungs: @Sendable () async -> [Rung]
    private var source: Track?
    private var rungs: [PlannedRendition] = []
    private var fitness: CopyFitness?
    private var measuredBitRate: Int?
    private var discontinuity: Int?
    /// That of the broadcast.
    private var origin: BroadcastOrigin?
    /// The place in the log of the entry that is fed.
    private var position: Int64 = 0
    /// What another worker had made of the source, until it is used.
    private var resumption: LadderCheckpoint?
    /// Whether the decoder gets every picture; otherwise only those that become still pictures.
    private var isDecoding = false

    init(
        _ configuration: LadderConfiguration, encoder: VideoEncoderKind, targetMilliseconds: Int64,
        resuming checkpoint: LadderCheckpoint? = nil, slots: PipelineSlots, controls: TranscodeControls,
        rungs: @escaping @Sendable () async -> [Rung],
        refusal: @escaping @Sendable (_ samplesPerSecond: Double) -> String?
    ) {
        currentRungs = rungs
        self.configuration = configuration
        resumption = checkpoint
        origin = checkpoint?.packager.origin
        self.encoder = encoder
        self.targetMilliseconds = targetMilliseconds
        self.slots = slots
        self.controls = controls
        self.refusal = refusal
        stage = DecodingStage(slots: slots, controls: controls, audioBitRate: configuration.audioBitRate)
    }

    /// Takes the next entry of the log.
    ///
    /// - Parameter position: Its place there.
    mutating func feed(_ entry: BroadcastEntry, at position: Int64, _ notice: (Notice) async -> Void) async {
        self.position = position
        switch entry {
        case .began(let origin):
            defer { self.origin = origin }
            if let known = self.origin, origin.continues(known) {
                // The encoder has come to another process: for the codecs that is a reconnect.
                await interrupt(entry)
                return
            }
            source = nil
            discontinuity = nil
            ladder = nil
            _ = await slots.append(.control(entry), at: position)
        case .interrupted, .ended: await interrupt(entry)
        case .frame(let frame):
            switch frame.track.configuration {
            case .avc(let configuration): await feed(frame, configuration, notice)
            case .aac:
                let slot = await slots.append(.audio(frame), at: position, waitingFor: [DecodingStage.soundName])
                // Jobs that stand still must not pile up.
                if !slots.isAbandoned { stage.decodeSound(frame, for: slot) }
            }
        }
    }

    private mutating func interrupt(_ entry: BroadcastEntry) async {
        lost()
        _ = await slots.append(.control(entry), at: position)
    }

    /// Entries were lost: what is inside is finished, and nothing is expected to follow it.
    mutating func lost() {
        if !slots.isAbandoned { stage.flush() }
        fitness?.interrupted()
    }

    private mutating func feed(
        _ frame: Frame, _ configuration: AVCConfiguration, _ notice: (Notice) async -> Void
    ) async {
        if source?.configuration != frame.track.configuration {
            // Without a key frame a changed configuration cannot be decoded.
            guard frame.isKeyframe else { return }
            await begin(frame.track, configuration, notice)
        }
        source = frame.track
        if let discontinuity, discontinuity != frame.discontinuitySequence { lost() }
        discontinuity = frame.discontinuitySequence
        await judge(frame, notice)
        if frame.isKeyframe { decode(rungs.contains { controls.orders.encodes($0.name) }) }
        guard isDecoding, !slots.isAbandoned else {
            _ = await slots.append(.video(frame), at: position)
            return
        }
        let waiting = Set(rungs.map(\.name)).union([DecodingStage.thumbnailName])
        stage.decode(frame, for: await slots.append(.video(frame), at: position, waitingFor: waiting))
    }

    private mutating func begin(
        _ track: Track, _ avc: AVCConfiguration, _ notice: (Notice) async -> Void
    ) async {
        let rungs = if let ladder { ladder } else { await currentRungs() }
        ladder = rungs
        let plan = LadderPlan(source: SourcePicture(avc), rungs: rungs)
        let refused = refusal(plan.samplesPerSecond)
        self.rungs = refused == nil ? plan.renditions : []
        stage.flush()
        stage.configure(
            DecodingStage.Plan(
                source: avc, rungs: self.rungs.map { ($0, settings(for: $0, avc)) },
                targetMilliseconds: targetMilliseconds,
                thumbnailMilliseconds: configuration.thumbnailMilliseconds,
                resumption: resumption.map { ($0.packager.time, $0.packager.gridAnchor) }))
        let copyName = refused == nil ? plan.renditions.first?.name ?? "source" : "source"
        controls.order { orders in
            orders.copied = nil
            orders.sourceBitRate = nil
        }
        measuredBitRate = nil
        let resumed = resumption?.decision
        resumption = nil
        if resumed == nil { slots.holdUntilDecided() }
        _ = await slots.append(.configured(self.rungs, copyName: copyName), at: position)
        await notice(.planned(plan))
        if let refused {
            fitness = nil
            slots.decide(.copy)
            await notice(.refused(reason: refused))
        } else {
            fitness = CopyFitness(
                source: avc, candidate: plan.copyCandidate, policy: configuration.copyPolicy,
                targetMilliseconds: targetMilliseconds, resuming: resumed.flatMap(Self.known))
        }
    }

    /// What a decision of another worker says here.
    private static func known(_ decision: CopyDecision) -> CopyFitness.Decision? {
        switch decision {
        case .undecided: nil
        case .copy: .fit(bitRate: 0)
        case .encode: .unfit(.policy)
        }
    }

    /// What the source has is the most that smaller pictures get: it rises at once and falls by half at a time, since a
    /// quiet scene may end any moment.
    private mutating func followBitRate(_ measured: Int?) {
        guard let measured, measured != measuredBitRate else { return }
        measuredBitRate = measured
        controls.order { $0.sourceBitRate = max(measured, ($0.sourceBitRate ?? 0) / 2) }
    }

    /// Begins or ends decoding; at its end what the encoders hold comes out.
    private mutating func decode(_ isNeeded: Bool) {
        if isDecoding && !isNeeded { stage.flushPictures() }
        isDecoding = isNeeded
    }

    /// Finds out whether the source can be copied.
    private mutating func judge(_ frame: Frame, _ notice: (Notice) async -> Void) async {
        guard let before = fitness?.decision else { return }
        fitness?.append(
            presentationTime: frame.presentationTime, isKeyframe: frame.isKeyframe, byteCount: frame.payload.count)
        guard let fitness else { return }
        followBitRate(fitness.measuredBitRate)
        guard fitness.decision != before || slots.decision == .undecided else { return }
        switch fitness.decision {
        case .undecided: break
        case .fit(let bitRate):
            controls.order { orders in
                orders.copied = fitness.candidateName
                orders.copyRefusal = nil
                orders.sourceBitRate = orders.sourceBitRate ?? bitRate
            }
            slots.decide(.copy)
            await notice(.copied)
        case .unfit(let refusal):
            controls.order { orders in
                orders.needsKeyframe = orders.copied != nil
                orders.copied = nil
            }
            slots.decide(.encode)
            await notice(.encoded(refusal))
        }
    }

    private func settings(for rendition: PlannedRendition, _ avc: AVCConfiguration) -> VideoEncoderSettings {
        var rate = avc.sequence.frameRate ?? Self.usualFrameRate
        if rendition.halvesFrameRate, let half = Ratio(rate.numerator, rate.denominator * 2) { rate = half }
        return VideoEncoderSettings(
            kind: encoder, preset: controls.orders.preset, size: rendition.size,
            sampleAspectRatio: rendition.sampleAspectRatio, frameRate: rate, bitRate: rendition.bitRate,
            threadCount: Self.threadCount(for: rendition.size),
            colour: avc.sequence.usability?.colour)
    }

    /// Large pictures take longest, and the others wait for them: up to 480p one thread, up to 720p two, above four.
    private static func threadCount(for size: PictureSize) -> Int {
        switch size.width * size.height {
        case ...(854 * 480): 1
        case ...(1280 * 720): 2
        default: 4
        }
    }

    /// What an encoder is told where the source does not say; times are exact whatever it is. 30 is not zero.
    private static let usualFrameRate = Ratio(30, 1)!
}

extension LadderPlan {
    /// How many samples of luma are encoded in a second; a source whose rate is not known has 30 pictures.
    fileprivate var samplesPerSecond: Double {
        let rate = source.frameRate.map { Double($0.numerator) / Double($0.denominator) } ?? 30
        let samples = renditions.filter { $0.name != copyCandidate?.name }.map { rendition in
            Double(rendition.size.width * rendition.size.height) * (rendition.halvesFrameRate ? rate / 2 : rate)
        }
        return samples.reduce(0, +)
    }
}
