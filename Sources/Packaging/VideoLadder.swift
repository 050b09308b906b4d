public import Media

/// The video renditions that a broadcast has from one key frame on: the same pictures in several qualities.
///
/// One of them leads: its frames decide where segments begin, and the others, which have key frames at the same times,
/// are cut there too. Immutable and shared by reference, like ``Media/Track``.
public final class VideoLadder: Sendable {
    /// One quality.
    public struct Member: Sendable, Hashable {
        /// The folder; see ``Rendition/name``.
        public let name: String
        public let track: Track

        public init(name: String, track: Track) {
            self.name = name
            self.track = track
        }

        public static func == (left: Member, right: Member) -> Bool {
            left.name == right.name && left.track.hasSameConfiguration(as: right.track)
        }

        public func hash(into hasher: inout Hasher) { hasher.combine(name) }
    }

    /// The highest quality first; not empty, with different names.
    public let members: [Member]
    /// The place of the one that leads. It has a frame wherever any other has one.
    public let leader: Int

    public init(_ members: [Member], leader: Int = 0) {
        precondition(members.indices.contains(leader), "one of the renditions leads")
        precondition(members.count < Run.renditionsMax, "a run has few renditions")
        self.members = members
        self.leader = leader
    }

    /// Whether frames of another ladder continue this one's renditions.
    func isContinued(by other: VideoLadder) -> Bool {
        self === other || leader == other.leader && members == other.members
    }
}

/// One picture in all qualities of a ladder.
public struct LadderPicture: Sendable {
    /// A frame of a rendition that follows.
    public struct Follower: Sendable {
        /// The place of the rendition in the ladder.
        public let member: Int
        public let frame: Frame

        public init(member: Int, frame: Frame) {
            self.member = member
            self.frame = frame
        }
    }

    public let ladder: VideoLadder
    /// The leader's frame.
    public let leading: Frame
    /// The other renditions' frames; a rendition of half the frame rate has none every other time.
    ///
    /// They are of the same access unit in decode order, so that with reordered pictures their presentation times may
    /// differ from the leader's; key frames stand at the same times.
    public let following: [Follower]

    public init(ladder: VideoLadder, leading: Frame, following: [Follower] = []) {
        self.ladder = ladder
        self.leading = leading
        self.following = following
    }
}
