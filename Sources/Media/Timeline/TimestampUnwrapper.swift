/// Turns encoder timestamps, which wrap around, into times that do not.
///
/// Of all times that a timestamp can stand for, the one nearest to the time before is taken. Timestamps count
/// modulo 2³² ms (49.7 days); some senders use 31 bits, and a clock modulo 2³² is also one modulo 2³¹, so that one
/// rule serves both: candidates lie 2³¹ ms apart. Senders that write no extended timestamps wrap at 2²⁴ ms (4.66
/// hours): a step that is a multiple of that, give or take `shortWrapToleranceMilliseconds`, is taken for such a wrap.
public struct TimestampUnwrapper: Sendable {
    /// The time that the next one is sought near, in milliseconds; `nil` before the first.
    public private(set) var reference: Int64?

    /// How far from a whole number of 2²⁴ ms a step may be and still be a wrap of 24 bits.
    public static let shortWrapToleranceMilliseconds: Int64 = 1000

    /// - Parameter reference: The time to seek the first one near, for example that of another track.
    public init(near reference: Int64? = nil) { self.reference = reference }

    /// The time that a timestamp stands for, without taking note of it.
    public func time(of timestamp: UInt32) -> Int64 {
        guard let reference else { return Int64(timestamp) }
        let step = Self.nearest(Int64(timestamp) - reference, period: 1 << 31)
        let short = Self.nearest(step, period: 1 << 24)
        return reference + (abs(short) <= Self.shortWrapToleranceMilliseconds ? short : step)
    }

    /// Takes note of a time that is believed: the next one is sought near it.
    public mutating func accept(_ time: Int64) { reference = time }

    /// The time that a timestamp stands for, which becomes the reference.
    public mutating func unwrap(_ timestamp: UInt32) -> Int64 {
        let time = time(of: timestamp)
        accept(time)
        return time
    }

    /// The number from -period / 2 up to period / 2 that differs from a step by whole periods.
    private static func nearest(_ step: Int64, period: Int64) -> Int64 {
        // The period is a power of two, so that the mask is the remainder of negative steps too.
        let rest = step & (period - 1)
        return rest >= period / 2 ? rest - period : rest
    }
}
