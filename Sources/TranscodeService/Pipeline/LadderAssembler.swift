import Codecs
import Media
import Packaging

/// Puts the renditions of each picture together, and finds out from what arrived which renditions there are.
///
/// A rendition is part of the broadcast from a key frame on at which its encoder gave one, until a key frame at which
/// it gave none. So a rung that is shed, that failed or that came back needs no message of its own.
struct LadderAssembler {
    /// The renditions that may be encoded, the highest first.
    struct Member: Sendable, Hashable {
        let name: String
        /// Whether it leaves out every other picture, so that it cannot lead the others.
        let halvesFrameRate: Bool
    }

    /// Decode times of encoded pictures are later by this much, so that none is below zero where pictures are
    /// reordered; it changes no time in the segments, which begin with presentation times. In 1/90,000 s.
    static let decodeTimeShift: Int64 = 90_000

    private var members: [Member] = []
    /// The name of the rendition that a copy of the source becomes.
    private var copyName = "source"
    private(set) var ladder: VideoLadder?
    /// For each member of `ladder` the place of its rung in `members`; `nil` for the copy.
    private var places: [Int?] = []
    private var isCopying = false

    /// The place in ``ladder`` of the copy of the source, if there is one.
    var copied: Int? { ladder == nil ? nil : places.firstIndex { $0 == nil } }

    /// The source has a new codec configuration; the ladder changes with its first key frame.
    mutating func begin(_ members: [Member], copyName: String) {
        self.members = members
        self.copyName = copyName
        ladder = nil
    }

    /// - Parameters:
    ///   - source: The encoder's own frame.
    ///   - outputs: What the rungs made for its place.
    ///   - decision: Whether the source is copied.
    /// - Returns: `nil` when there is nothing that could be decoded.
    mutating func assemble(
        _ source: Frame, _ outputs: [(rung: String, outputs: [PipelineOutput])], _ decision: CopyDecision
    ) -> LadderPicture? {
        var pictures: [(picture: EncodedPicture, track: Track)?] = Array(repeating: nil, count: members.count)
        for (rung, made) in outputs {
            guard let index = members.firstIndex(where: { $0.name == rung }) else { continue }
            for case .picture(let picture, let track) in made { pictures[index] = (picture, track) }
        }
        reshape(at: source, pictures, decision)
        guard let ladder else { return nil }
        let frames = zip(ladder.members, places).map { member, place -> Frame? in
            guard let place else { return source }
            guard let picture = pictures[place]?.picture else { return nil }
            return Self.frame(of: picture, track: member.track, source: source)
        }
        guard let leading = frames[ladder.leader] else { return nil }
        let following = frames.enumerated().compactMap { index, frame in
            index == ladder.leader ? nil : frame.map { LadderPicture.Follower(member: index, frame: $0) }
        }
        return LadderPicture(ladder: ladder, leading: leading, following: following)
    }

    /// Chooses the renditions anew at a key frame.
    private mutating func reshape(
        at source: Frame, _ pictures: [(picture: EncodedPicture, track: Track)?], _ decision: CopyDecision
    ) {
        let copies = copies(source, pictures, decision)
        let begins = copies ? source.isKeyframe : pictures.contains { $0?.picture.isKeyframe ?? false }
        guard begins else { return }
        var members: [VideoLadder.Member] = []
        var places: [Int?] = []
        for (index, member) in self.members.enumerated() {
            if copies && member.name == copyName {
                members.append(VideoLadder.Member(name: copyName, track: source.track))
                places.append(nil)
            } else if let made = pictures[index], made.picture.isKeyframe {
                members.append(VideoLadder.Member(name: member.name, track: made.track))
                places.append(index)
            }
        }
        if copies && !places.contains(where: { $0 == nil }) {
            members.insert(VideoLadder.Member(name: copyName, track: source.track), at: 0)
            places.insert(nil, at: 0)
        }
        guard !members.isEmpty else { return }
        isCopying = copies
        let leader =
            places.firstIndex { $0 == nil }
            ?? places.lastIndex { place in place.map { !self.members[$0].halvesFrameRate } ?? true }
            ?? places.count - 1
        if let ladder, ladder.leader == leader, self.places == places,
            zip(ladder.members, members).allSatisfy({ $0.track === $1.track })
        {
            return
        }
        ladder = VideoLadder(members, leader: leader)
        self.places = places
    }

    /// Whether the source's own frame is a rendition from here on.
    private func copies(
        _ source: Frame, _ pictures: [(picture: EncodedPicture, track: Track)?], _ decision: CopyDecision
    ) -> Bool {
        switch decision {
        case .copy: return true
        case .encode, .undecided:
            // What was copied is copied until its own encoder has begun; and where no encoder gives anything, the
            // source is better than nothing.
            let top = members.firstIndex { $0.name == copyName }
            let hasTop = top.flatMap { pictures[$0]?.picture.isKeyframe } ?? false
            if isCopying && ladder != nil && !hasTop { return true }
            return source.isKeyframe && pictures.allSatisfy { $0 == nil }
        }
    }

    private static func frame(of picture: EncodedPicture, track: Track, source: Frame) -> Frame {
        let decodeTime = picture.decodeTime + decodeTimeShift
        return Frame(
            track: track, decodeTime: decodeTime,
            compositionOffset: Int32(clamping: picture.presentationTime - decodeTime), isKeyframe: picture.isKeyframe,
            discontinuitySequence: source.discontinuitySequence,
            receivedUnixMilliseconds: source.receivedUnixMilliseconds, payload: picture.payload)
    }
}
