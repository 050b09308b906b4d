public import Bytes
internal import Glibc

extension TCPConnection {
    /// How many bytes must wait in the kernel before it wakes the loop for a paced connection: more than comes between
    /// two beats, so that the beats alone wake it, and few enough that a burst is fetched before the window closes.
    static let pacedLowWaterBytes: Int32 = 256 << 10

    /// Reads what has arrived by the next beat of the loop, and by that the small packets of a steady sender in one go.
    ///
    /// An encoder sends each access unit as it comes, about eighty a second. To wake for each costs more than all that
    /// is done with them. All paced connections of a loop share the beats, so that one wake serves all of them.
    ///
    /// - Parameters:
    ///   - interval: The distance between two beats: how long bytes may wait at most.
    ///   - deadline: When `NetworkError.readTimedOut` is thrown.
    /// - Returns: At most 64 KiB, the rest at once with the next call; nil when the peer sends no more.
    /// - Throws: As `read(before:)`.
    public func read(pacedBy interval: Duration, before deadline: LoopTime) async throws -> Bytes? {
        guard loop.isCurrent else {
            return try await loop.run { _ in try await self.read(pacedBy: interval, before: deadline) }
        }
        try Task.checkCancellation()
        try becomePaced()
        if mustYieldBeforeReading {
            // The last read filled the buffer: there is more, and others had no turn yet.
            mustYieldBeforeReading = false
            await Task.yield()
        } else {
            try await waitForBeat(interval.wholeNanoseconds, before: deadline)
        }
        while true {
            guard !isClosed else { throw NetworkError.connectionClosed }
            switch try receive() {
            case .bytes(let bytes): return bytes
            case .end: return nil
            case .nothing: break
            }
            guard loop.turnBegan < deadline else { throw NetworkError.readTimedOut }
            try await waitForBeat(interval.wholeNanoseconds, before: deadline)
        }
    }

    private func becomePaced() throws(NetworkError) {
        guard !isPaced else { return }
        try socket.setOption(SOL_SOCKET, SO_RCVLOWAT, Self.pacedLowWaterBytes)
        isPaced = true
    }

    /// Waits for the next multiple of the interval on the loop's clock; a burst, the peer's end and a close come
    /// earlier.
    private func waitForBeat(_ interval: Int64, before deadline: LoopTime) async throws {
        let now = loop.turnBegan.nanoseconds
        let beat = LoopTime(nanoseconds: (now / interval + 1) * interval)
        do {
            try await wait(.reading, until: min(beat, deadline))
        } catch NetworkError.readTimedOut {
            // The beat.
        }
    }
}
