/// Whole seconds of a stream that are asked for, checked against ``AudienceLimits``.
public struct StreamMetricsSpan: Sendable, Equatable {
    /// Unix seconds; the upper bound does not count.
    public let seconds: Range<Int64>
    public let step: Int64

    /// Up to the year 10000: all that is stored.
    static let all: Range<Int64> = 0..<253_402_300_800

    /// - Parameters: As ``StreamMetricsRepository/range(of:from:to:stepSeconds:)``.
    /// - Throws: ``StreamError/invalidValue(field:reason:)``.
    public init(from: WallTime, to: WallTime, stepSeconds: Int) throws(StreamError) {
        guard AudienceLimits.stepSeconds.contains(stepSeconds) else {
            throw .invalidValue(
                field: "step",
                reason: "must be \(AudienceLimits.stepSeconds.lowerBound) to \(AudienceLimits.stepSeconds.upperBound)")
        }
        let first = from.unixSecondsRoundedUp
        let end = max(first, to.unixSecondsRoundedUp)
        step = Int64(stepSeconds)
        seconds = first..<end
        // Both are far from the ends of their type: they were milliseconds.
        guard (end - 1).floored(to: step) - first.floored(to: step) < Int64(AudienceLimits.pointsMax) * step else {
            throw .invalidValue(field: "step", reason: "makes more than \(AudienceLimits.pointsMax) points")
        }
    }

    /// Pieces of what is asked for that are measured at all, each short enough for one statement, in order.
    ///
    /// - Parameter measured: The oldest and the newest second that are stored, in Unix seconds.
    public func pieces(of measured: ClosedRange<Int64>) -> [Range<Int64>] {
        let there = seconds.clamped(to: measured.lowerBound..<measured.upperBound + 1)
        return stride(from: there.lowerBound, to: there.upperBound, by: Int(AudienceLimits.secondsAtOnceMax)).map {
            $0..<min($0 + AudienceLimits.secondsAtOnceMax, there.upperBound)
        }
    }
}

extension Int64 {
    /// The multiple of `step` that is not above it.
    fileprivate func floored(to step: Int64) -> Int64 {
        let remainder = self % step
        return self - (remainder < 0 ? remainder + step : remainder)
    }
}

extension WallTime {
    /// The first whole second that is not before it, in Unix seconds.
    fileprivate var unixSecondsRoundedUp: Int64 {
        let (quotient, remainder) = unixMilliseconds.quotientAndRemainder(dividingBy: 1000)
        return remainder > 0 ? quotient + 1 : quotient
    }
}

extension StreamMetrics {
    /// The whole second that it belongs to, in Unix seconds.
    public var unixSecond: Int64 {
        let (quotient, remainder) = at.unixMilliseconds.quotientAndRemainder(dividingBy: 1000)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
