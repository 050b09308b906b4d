/// The promises that a playlist makes, each of which ``HLSInspection`` holds it to.
///
/// The raw value names the clause of RFC 8216bis (draft-pantos-hls-rfc8216bis) and says what must be so. Where it
/// begins with `Players` or `Sluice`, the rule is not in the draft: players are known to need it, or our names promise
/// it.
public enum HLSRule: String, CaseIterable, Sendable {
    // Any playlist
    case beginsWithM3U = "4.4.1.1: the first line is EXTM3U"
    case cleanText = "4.1: no control characters, no byte order mark, no space at a line's end, a line feed at the end"
    case knownTags = "4.1: every tag is one of the specification"
    case attributeLists = "4.2: attribute lists are well formed and name each attribute once"
    case attributeTypes = "4.2: values have the type of their attribute"
    case requiredAttributes = "4.4: tags have the attributes that they must have"
    case oneKind = "4.1: a playlist has either variants or segments"
    case versionStated = "4.4.1.2: the version is stated once"
    case versionSuffices = "7: the version allows all that is used"
    case versionShared = "Players: all playlists of a stream have the same version"

    // A media playlist
    case tagsOnce = "4.4.3: tags about the whole playlist stand there once"
    case targetDurationStated = "4.4.3.1: the target duration is stated"
    case segmentsFitTarget = "4.4.3.1: no segment, rounded, is longer than the target duration"
    case numbersFirst = "4.4.3.2: media and discontinuity sequence stand before the first segment"
    case segmentsHaveDurations = "4.4.4.1: every segment has its EXTINF"
    case durationsPrecise = "Players: durations have decimals, and no more than five"
    case namesNumbered = "Sluice: segments and parts are named after their numbers"
    case segmentsMapped = "3.1.2: segments and parts of fragmented MP4 have an initialisation section"
    case segmentsDated = "4.4.4.6: every segment and the parts of the open one have a date, with milliseconds"
    case datesFollow = "4.4.4.6: dates follow the durations where there is no discontinuity"
    case nothingBehindEnd = "4.4.3.4: nothing is announced when the playlist has ended"

    // Low latency
    case blockingOffered = "4.4.3.8: blocking reload is offered, and HOLD-BACK is three target durations or more"
    case partHoldBack = "4.4.3.8: PART-HOLD-BACK is there with parts, and three part targets or more"
    case skipBoundary = "4.4.3.8: the skip boundary is six target durations or more"
    case partTargetStated = "4.4.3.7: the part target is stated where there are parts, and is no longer than a segment"
    case partsFitTarget = "4.4.3.7: no part is longer than the part target"
    case partsFillTarget = "4.4.3.7: a part lasts 85% of the part target unless it is the last before a boundary"
    case partsMakeSegment = "4.4.4.9: the parts of a segment last as long as the segment"
    case partsRecent = "6.2.2: parts are listed for about three target durations only"
    case partGaps = "4.4.4.9: a part is a gap exactly where its segment is"
    case partsIndependent = "4.4.2.1: the first part of an independent segment is independent"
    case partsHinted = "4.4.5.3: a live playlist with parts hints at the next one, once"
    case hintIsNew = "4.4.5.3: the hinted part is not listed yet"
    case reportsWellFormed = "4.4.5.4: a report has a relative address of its own, and says where the rendition stands"

    // Key frames
    case keyframeRanges = "4.4.3.6: a playlist of key frames lists byte ranges and no parts"

    // A delta update
    case skipOnlyOnRequest = "4.4.5.2: only a delta update has EXT-X-SKIP"
    case skipFirst = "4.4.5.2: EXT-X-SKIP stands before all segments, once, and skips something"
    case skipBeyondBoundary = "6.2.5.1: what is newer than the skip boundary is not skipped"
    case skipDateRanges = "4.4.5.2: RECENTLY-REMOVED-DATERANGES is there if and only if date ranges may be skipped"
    case deltaMerges = "6.2.5.1: the update and the copy before make the full playlist"

    // From reload to reload
    case sequenceNeverBack = "6.2.2: the media sequence never goes back"
    case endNeverBack = "6.2.1: segments are added behind the last one and leave at the front only"
    case segmentsKept = "6.2.1: what is said of a segment does not change"
    case discontinuitiesKept = "6.2.2: the discontinuity sequence counts what has left the playlist, exactly"
    case targetsKept = "6.2.1: target durations and server control do not change"
    case windowLongEnough = "6.2.2: no segment leaves that would make a playlist shorter than three target durations"
    case partsKept = "6.2.1: what is said of a part does not change, and none is put before another"
    case hintKept = "4.4.5.3: the hinted part becomes the next one"
    case endIsFinal = "6.2.1: a playlist that has ended does not change"

    // From rendition to rendition
    case reportsMatch = "4.4.5.4: a report says where the rendition stands"
    case reportsComplete = "4.4.5.4: there is a report on every other rendition of the multivariant playlist"
    case discontinuitiesShared = "6.2.4: renditions have the same discontinuity sequence at the same segment"
    case targetsShared = "6.2.4: renditions have the same target duration"
    case segmentsAligned = "Sluice: segments of a number begin at the same time in all renditions"

    // A multivariant playlist
    case variantsAddressed = "4.4.6.2: every EXT-X-STREAM-INF is followed by an address, and none stands alone"
    case codecsNamed = "4.4.6.2: CODECS names every format as RFC 6381 does"
    case pictureDescribed = "4.4.6.2: variants with pictures have RESOLUTION and FRAME-RATE"
    case averageBelowPeak = "4.4.6.2: AVERAGE-BANDWIDTH is not above BANDWIDTH"
    case groupsDefined = "4.4.6.1: a group stands before the variants that refer to it"
    case groupNames = "4.4.6.1: names in a group differ, and what is the default is selected by itself"
    case captionsAgree = "4.4.6.2: if one variant says that it has no captions, all do"
    case keyframeVariants = "4.4.6.3: playlists of key frames have an address and no group, and belong to a variant"
    case highestFirst = "Sluice: the highest quality stands first"

    /// Where the rule comes from.
    public var clause: String { String(rawValue.prefix { $0 != ":" }) }
}
