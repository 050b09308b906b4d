/// What is left of the limits while a message is decoded.
struct AMFBudget {
    private(set) var elements = 0
    private var depth = 0

    /// Counts values that were met.
    mutating func spend(_ count: Int) throws(AMFFailure) {
        elements += count
        guard elements <= RTMPLimits.amfElementsMax else { throw .tooManyElements(limit: RTMPLimits.amfElementsMax) }
    }

    mutating func enter() throws(AMFFailure) {
        depth += 1
        guard depth <= RTMPLimits.amfDepthMax else { throw .tooDeep(limit: RTMPLimits.amfDepthMax) }
    }

    mutating func leave() { depth -= 1 }
}
