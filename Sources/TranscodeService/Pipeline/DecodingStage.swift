import Codecs
import Media
import Packaging

/// Decodes a stream's pictures and sounds once, and hands the pictures to the rungs, on a thread of its own.
///
/// `@unchecked Sendable`: what is not constant is touched only by the jobs of `thread`, which run one after the other.
final class DecodingStage: @unchecked Sendable {
    /// What to make of a source under one codec configuration.
    struct Plan: Sendable {
        var source: AVCConfiguration
        /// The renditions to encode, and the settings for each with its full bit rate.
        var rungs: [(rendition: PlannedRendition, settings: VideoEncoderSettings)]
        var targetMilliseconds: Int64
        /// How many milliseconds of media lie between still pictures at least; `nil` makes none.
        var thumbnailMilliseconds: Int64?
        /// Where another worker had begun a segment; pictures before are decoded and not encoded.
        var resumption: (time: Int64, anchor: Int64)?
    }

    /// Who posts the sound, in the pipeline.
    static let soundName = "sound"
    /// Who posts still pictures, in the pipeline.
    static let thumbnailName = "thumbnail"
    /// A longer pause between pictures begins anew with a key frame, as the packager does.
    private static let holeTicks: Int64 = 90_000

    private let slots: PipelineSlots
    private let controls: TranscodeControls
    private let thread = CodecThread(name: "sluice-decode")
    private let audioBitRate: Int
    private var plan: Plan?
    private var stages: [RungStage] = []
    private var decoder: VideoDecoder?
    private var normalizer = PictureNormalizer()
    private var pairing = PicturePairing()
    private var keyframes: KeyframePlan?
    /// What each rung makes since the last key frame; `nil` where it makes nothing.
    private var active: [VideoEncoderSettings?] = []
    private var needsKeyframe = true
    private var picturesSinceKeyframe = 0
    private var newestTime: Int64?
    private var thumbnailTime: Int64?
    private var sound: AudioTranscoder?
    private var soundSource: Track?

    init(slots: PipelineSlots, controls: TranscodeControls, audioBitRate: Int) {
        self.slots = slots
        self.controls = controls
        self.audioBitRate = audioBitRate
    }

    // MARK: Orders from the feeder

    /// The source has a new codec configuration; what was before it is finished first.
    func configure(_ plan: Plan) {
        run {
            self.finish()
            self.plan = plan
            self.stages = plan.rungs.map {
                RungStage(name: $0.rendition.name, slots: self.slots, controls: self.controls)
            }
            self.active = Array(repeating: nil, count: plan.rungs.count)
            self.decoder = nil
            self.keyframes = nil
        }
    }

    func decode(_ frame: Frame, for slot: Int) { run { self.take(frame, slot) } }

    func decodeSound(_ frame: Frame, for slot: Int) { run { self.takeSound(frame, slot) } }

    /// The source pauses: everything that is inside comes out.
    func flush() { run { self.finish() } }

    /// No more pictures are needed: those that are inside come out. The sound goes on.
    func flushPictures() { run { self.finishPictures() } }

    private func run(_ work: @escaping @Sendable () -> Void) {
        thread.run {
            let start = ContinuousClock.now
            work()
            self.controls.worked(ContinuousClock.now - start)
        }
    }

    // MARK: Pictures

    private func take(_ frame: Frame, _ slot: Int) {
        let unit = PicturePairing.Unit(
            slot: slot, presentationTime: frame.presentationTime, isKeyframe: frame.isKeyframe)
        for lost in pairing.submitted(unit) { answerNothing(lost) }
        do throws(CodecFailure) {
            if decoder == nil, let plan { decoder = try VideoDecoder(plan.source, threadCount: 1) }
            for picture in try decoder?.decode(frame) ?? [] { normalize(picture) }
        } catch {
            // Its place is answered when the next picture shows that it is missing; viewers see the picture before.
            controls.failed(Self.decoderName, error)
        }
    }

    /// Under which name failures of the decoder are told.
    static let decoderName = "decoder"

    private func normalize(_ picture: Picture) {
        do throws(CodecFailure) {
            for normal in try normalizer.normalize(picture) { spread(normal) }
        } catch {
            controls.failed(Self.decoderName, error)
        }
    }

    /// Gives a picture to the rungs.
    private func spread(_ picture: Picture) {
        let match = pairing.pictureCame(at: picture.presentationTime)
        for lost in match.lost { answerNothing(lost) }
        guard let slot = match.slot else { return }
        guard !isBeforeResumption(picture) else { return answerNothing(slot) }
        let isKeyframe = isKeyframe(picture.presentationTime, isKeyframeOfSource: match.isKeyframe)
        if isKeyframe {
            readOrders()
            picturesSinceKeyframe = 0
        } else {
            picturesSinceKeyframe += 1
        }
        makeThumbnail(of: picture, isKeyframe: isKeyframe, for: slot)
        for (index, stage) in stages.enumerated() {
            let isLeftOut = (plan?.rungs[index].rendition.halvesFrameRate ?? false) && picturesSinceKeyframe % 2 == 1
            if let settings = active[index], !isLeftOut {
                stage.encode(picture, isKeyframe: isKeyframe, with: settings, for: slot)
            } else {
                slots.post([], of: stage.name, for: slot)
            }
        }
    }

    /// Whether a picture is before the segment that comes again first.
    private func isBeforeResumption(_ picture: Picture) -> Bool {
        guard let resumption = plan?.resumption else { return false }
        return picture.presentationTime < resumption.time
    }

    private func isKeyframe(_ time: Int64, isKeyframeOfSource: Bool) -> Bool {
        if let newestTime, time - newestTime > Self.holeTicks { needsKeyframe = true }
        newestTime = time
        let followsSource = controls.orders.copied != nil
        let isOrdered = controls.takeKeyframeOrder() && !followsSource
        if needsKeyframe || isOrdered {
            // What is copied begins with the source's key frame, and all others with it.
            guard !followsSource || isKeyframeOfSource else { return false }
            needsKeyframe = false
            let anchor = plan?.resumption?.anchor ?? time
            plan?.resumption = nil
            keyframes = KeyframePlan(anchor: anchor, targetMilliseconds: plan?.targetMilliseconds ?? 2000)
            _ = keyframes?.reached(time)
            return true
        }
        let isPlanned = keyframes?.reached(time) ?? false
        return isKeyframeOfSource && (followsSource || isUndecided) || isPlanned && !followsSource
    }

    private var isUndecided: Bool { slots.decision == .undecided }

    private func readOrders() {
        guard let plan else { return }
        let orders = controls.orders
        let before = active
        active = plan.rungs.map { rung in
            guard orders.encodes(rung.rendition.name) else { return nil }
            var settings = rung.settings
            settings.preset = orders.preset
            if let source = orders.sourceBitRate {
                settings.bitRate = rung.rendition.cappedBitRate(sourceBitRate: source)
            }
            return settings
        }
        // Places of pictures that an encoder holds back are answered only by more pictures, or by its end.
        for (index, stage) in stages.enumerated() where before[index] != nil && active[index] == nil { stage.flush() }
    }

    private func answerNothing(_ slot: Int) {
        slots.post([], of: Self.thumbnailName, for: slot)
        for stage in stages { slots.post([], of: stage.name, for: slot) }
    }

    private func makeThumbnail(of picture: Picture, isKeyframe: Bool, for slot: Int) {
        var made: [PipelineOutput] = []
        defer { slots.post(made, of: Self.thumbnailName, for: slot) }
        guard isKeyframe, let interval = plan?.thumbnailMilliseconds else { return }
        if let thumbnailTime, (0..<interval * 90).contains(picture.presentationTime - thumbnailTime) { return }
        thumbnailTime = picture.presentationTime
        do throws(CodecFailure) {
            made = [
                .thumbnail(
                    try StillImage.jpeg(of: picture, width: KeyframeStills.width, quality: KeyframeStills.quality))
            ]
        } catch {
            controls.failed(Self.thumbnailName, error)
        }
    }

    /// Brings out what the decoder and the encoders hold. The two or three frames inside the sound's encoder are lost:
    /// they have no place, and what follows is behind a seam.
    private func finish() {
        finishPictures()
        sound = nil
        soundSource = nil
    }

    private func finishPictures() {
        if let decoder {
            for picture in decoder.finish() { normalize(picture) }
            for picture in normalizer.finish() { spread(picture) }
        }
        for lost in pairing.flushed() { answerNothing(lost) }
        for stage in stages { stage.flush() }
        needsKeyframe = true
        newestTime = nil
    }

    // MARK: Sound

    private func takeSound(_ frame: Frame, _ slot: Int) {
        var made: [Frame] = []
        defer { slots.post([.sound(made)], of: Self.soundName, for: slot) }
        do throws(CodecFailure) {
            if soundSource !== frame.track, case .aac(let configuration) = frame.track.configuration {
                made = sound?.finish() ?? []
                sound = nil
                soundSource = frame.track
                sound = try AudioTranscoder(configuration, bitRate: audioBitRate)
            }
            // What cannot be decoded here may play elsewhere.
            made += try sound?.transcode(frame) ?? [frame]
        } catch {
            controls.failed(Self.soundName, error)
        }
    }
}
