/// Where a measurement is going: the straight line through its seconds.
struct Trend: Equatable {
    enum Direction: String {
        case rising, falling, steady
    }

    let direction: Direction
    /// By how much it changes in a minute, in its own unit.
    let changePerMinute: Double

    /// A change over all the seconds of less than this part of their mean is none.
    private static let share = 0.1

    /// - Parameter values: One for each second, in order. `nil` of fewer than ten.
    init?(_ values: [Double]) {
        guard values.count >= 10 else { return nil }
        let count = Double(values.count)
        let middle = (count - 1) / 2
        let mean = values.reduce(0, +) / count
        var (rise, run) = (0.0, 0.0)
        for (index, value) in values.enumerated() {
            let distance = Double(index) - middle
            rise += distance * (value - mean)
            run += distance * distance
        }
        let slope = rise / run
        changePerMinute = slope * 60
        let change = slope * (count - 1)
        direction = abs(change) <= abs(mean) * Self.share || change == 0 ? .steady : change > 0 ? .rising : .falling
    }
}
