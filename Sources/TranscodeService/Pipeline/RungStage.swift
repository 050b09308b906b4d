import Codecs
import Dispatch
import Media

/// Scales pictures to one rung and encodes them, on a thread of its own.
///
/// Every picture that comes in has its place answered: with what the encoder made of it, or with nothing.
///
/// `@unchecked Sendable`: what is not constant is touched only by the jobs of `thread`, which run one after the other.
final class RungStage: @unchecked Sendable {
    /// Pictures that wait for the encoder; the thread that decodes waits while there are so many.
    static let picturesWaitingMax = 8

    let name: String
    private let slots: PipelineSlots
    private let controls: TranscodeControls
    private let thread: CodecThread
    private let room = DispatchSemaphore(value: RungStage.picturesWaitingMax)
    private var scaler: Scaler?
    private var encoder: VideoEncoder?
    private var settings: VideoEncoderSettings?
    private var bitRate = 0
    /// The places of the pictures that the encoder holds.
    private var inside: [Int] = []

    init(name: String, slots: PipelineSlots, controls: TranscodeControls) {
        self.name = name
        self.slots = slots
        self.controls = controls
        thread = CodecThread(name: "sluice-\(name)")
    }

    /// Encodes a picture; called on the thread that decodes, which waits while the encoder is behind.
    func encode(_ picture: Picture, isKeyframe: Bool, with settings: VideoEncoderSettings, for slot: Int) {
        room.wait()
        thread.run {
            let start = ContinuousClock.now
            self.take(picture, isKeyframe: isKeyframe, settings, slot)
            self.controls.worked(ContinuousClock.now - start)
            self.room.signal()
        }
    }

    /// Gets everything out of the encoder; the next picture it can begin with is a key frame.
    func flush() { thread.run { self.finish() } }

    private func take(_ picture: Picture, isKeyframe: Bool, _ settings: VideoEncoderSettings, _ slot: Int) {
        if isKeyframe { prepare(settings) }
        guard let encoder, let scaler else { return slots.post([], of: name, for: slot) }
        inside.append(slot)
        do throws(CodecFailure) {
            let scaled = try scaler.scale(picture)
            give(try encoder.encode(scaled, isKeyframe: isKeyframe), encoder.track)
        } catch {
            fail(error)
        }
    }

    /// Opens an encoder with these settings, unless the present one has them; only its bit rate can change while it
    /// runs.
    private func prepare(_ wanted: VideoEncoderSettings) {
        var comparable = wanted
        comparable.bitRate = 0
        if let encoder, comparable == settings {
            if wanted.bitRate != bitRate { encoder.setBitRate(wanted.bitRate) }
            bitRate = wanted.bitRate
            return
        }
        finish()
        do throws(CodecFailure) {
            encoder = try VideoEncoder(wanted)
            scaler = Scaler(to: wanted.size)
            settings = comparable
            bitRate = wanted.bitRate
        } catch {
            fail(error)
        }
    }

    private func finish() {
        if let encoder { give(encoder.finish(), encoder.track) }
        abandon()
    }

    /// Access units leave an encoder in the order in which their pictures have places.
    private func give(_ pictures: [EncodedPicture], _ track: Track) {
        for picture in pictures where !inside.isEmpty {
            slots.post([.picture(picture, track)], of: name, for: inside.removeFirst())
        }
    }

    private func fail(_ failure: CodecFailure) {
        controls.failed(name, failure)
        abandon()
    }

    private func abandon() {
        for slot in inside { slots.post([], of: name, for: slot) }
        inside = []
        encoder = nil
        scaler = nil
        settings = nil
    }
}
