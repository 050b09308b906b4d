import StreamingCore

/// Tells when something begins to be wrong with a stream and when it is over, so that neither a moment's trouble nor a
/// moment's calm is told.
struct AlertWatch {
    /// How many seconds in a row something must be wrong, and how many it must be right again.
    static let secondsToBegin = 3
    static let secondsToEnd = 10

    enum Change: Equatable {
        case began(StreamHealth.Deduction)
        case ended(StreamHealth.Code)
    }

    private struct Matter {
        var isTold = false
        /// Seconds in a row in which it was other than what was told.
        var seconds = 0
    }

    private var matters: [StreamHealth.Code: Matter] = [:]
    /// What was told and is not over, the newest wording.
    private(set) var active: [StreamHealth.Code: StreamHealth.Deduction] = [:]

    /// Takes the stream's health of one more second.
    mutating func secondPassed(_ health: StreamHealth) -> [Change] {
        var changes: [Change] = []
        for code in StreamHealth.Code.allCases {
            let deduction = health.deductions.first { $0.code == code }
            var matter = matters[code] ?? Matter()
            matter.seconds = (deduction != nil) == matter.isTold ? 0 : matter.seconds + 1
            if let deduction, matter.isTold { active[code] = deduction }
            if let deduction, !matter.isTold, matter.seconds >= Self.secondsToBegin {
                matter = Matter(isTold: true)
                active[code] = deduction
                changes.append(.began(deduction))
            } else if deduction == nil, matter.isTold, matter.seconds >= Self.secondsToEnd {
                matter = Matter()
                active[code] = nil
                changes.append(.ended(code))
            }
            matters[code] = matter.isTold || matter.seconds > 0 ? matter : nil
        }
        return changes
    }
}
