/// One dimension of a family of metrics: an enumeration, so that nothing from outside can add a value to it.
///
/// The cases are numbered from zero; a case `badKey` is written `bad_key`.
public protocol MetricLabel: CaseIterable, RawRepresentable<Int>, Sendable where AllCases: RandomAccessCollection {
    /// The label's name in the output: `outcome`.
    static var name: String { get }
    /// The value in the output.
    var text: String { get }
}

extension MetricLabel {
    public var text: String {
        String(
            "\(self)".flatMap { character in
                character.isUppercase ? ["_"] + Array(character.lowercased()) : [character]
            })
    }

    /// All values, each at the place of its number.
    static var texts: [String] {
        allCases.enumerated().map { place, label in
            precondition(label.rawValue == place, "the cases of a label are numbered from zero without gaps")
            return label.text
        }
    }
}

/// What became of a call.
public enum CallOutcome: Int, MetricLabel {
    case success, failure
    public static let name = "outcome"
}

/// Labels of one line, as they are written.
typealias MetricLabelValues = [(name: String, value: String)]
