public import Bytes

// Segment type box (ISO/IEC 14496-12, 8.16.2), alone
//
// size 24 | "styp" | major brand "msdh" | minor version 0 | compatible brands "msdh" "cmfs"

/// What is answered when a player asks for a segment that turned out to be a gap: a segment without samples.
///
/// A manifest lists segments before they are made, so that players wait for them. When a rendition then has nothing
/// there, because its track stopped or it was shed, "not found" would be the worst answer: dash.js asks again without
/// a pause until the manifest changes, and then sometimes never again for anything. A segment without samples is
/// appended, adds nothing, and the player goes on with the next one.
public enum EmptySegment {
    public static let bytes: Bytes = [
        0, 0, 0, 24, 0x73, 0x74, 0x79, 0x70, 0x6D, 0x73, 0x64, 0x68, 0, 0, 0, 0, 0x6D, 0x73, 0x64, 0x68, 0x63, 0x6D,
        0x66,
        0x73,
    ]
}

extension LiveWindow {
    /// Whether there is no media in a rendition's segment, nor will there be: it is known to be a gap, or the run that
    /// it falls into does not have the rendition.
    ///
    /// - Returns: `false` for what the window does not know, which may come or be long gone.
    public func isGap(_ number: Int64, in rendition: String) -> Bool {
        guard let window = self.rendition(named: rendition), let first = window.entries.first?.segment.number,
            number >= first
        else { return false }
        if let segment = window.segment(number) { return segment.isGap }
        // What is not finished falls into the newest run that has begun: another one may begin before it does, but only
        // at a later number.
        guard let run = runs.last(where: { $0.number <= number }), run.number == number || run == runs.last else {
            return false
        }
        return run.rendition(named: rendition) == nil
    }
}
