/// An exact ratio in lowest terms: a frame rate in frames per second, or the aspect ratio of a sample.
public struct Ratio: Sendable, Hashable {
    /// Above zero.
    public let numerator: UInt32
    /// Above zero.
    public let denominator: UInt32

    /// `nil` when either part is zero, which stands for "unspecified" in the formats that carry ratios.
    public init?(_ numerator: UInt32, _ denominator: UInt32) {
        guard numerator > 0, denominator > 0 else { return nil }
        var (a, b) = (numerator, denominator)
        while b != 0 { (a, b) = (b, a % b) }
        self.numerator = numerator / a
        self.denominator = denominator / a
    }

    public static let one = Ratio(1)

    /// A whole number; zero becomes one.
    private init(_ whole: UInt32) {
        numerator = max(whole, 1)
        denominator = 1
    }
}
