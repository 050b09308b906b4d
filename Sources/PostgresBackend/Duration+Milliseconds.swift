extension Duration {
    /// So that a wait never ends before its time and is not repeated for what is left; 0 for what is negative.
    var millisecondsRoundedUp: Int64 {
        max(0, components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 + 1)
    }
}
