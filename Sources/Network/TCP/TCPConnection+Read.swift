public import Bytes

extension TCPConnection {
    /// What one receive came to.
    enum Received {
        case bytes(Bytes)
        case end
        case nothing
    }

    /// The next bytes from the peer, at most 64 KiB, as soon as there are any.
    ///
    /// - Returns: nil when the peer sends no more; writing may go on.
    /// - Throws: `NetworkError.readTimedOut` when nothing comes within the read timeout, `.connectionReset`,
    ///   `.connectionClosed`; `CancellationError`.
    public func read() async throws -> Bytes? {
        guard loop.isCurrent else { return try await loop.run { _ in try await self.read() } }
        return try await read(before: loop.turnBegan + timeouts.readNanoseconds)
    }

    /// As `read()`, with a deadline instead of the read timeout.
    ///
    /// - Parameters:
    ///   - deadline: When `NetworkError.readTimedOut` is thrown.
    ///   - endsWhenDraining: Whether `NetworkError.draining` is thrown when the server drains: for a wait in which the
    ///     connection has nothing in work.
    public func read(before deadline: LoopTime, endsWhenDraining: Bool = false) async throws -> Bytes? {
        guard loop.isCurrent else {
            return try await loop.run { _ in try await self.read(before: deadline, endsWhenDraining: endsWhenDraining) }
        }
        try Task.checkCancellation()
        if mustYieldBeforeReading {
            mustYieldBeforeReading = false
            await Task.yield()
        }
        while true {
            guard !isClosed else { throw NetworkError.connectionClosed }
            if isReadable {
                switch try receive() {
                case .bytes(let bytes): return bytes
                case .end: return nil
                case .nothing: break
                }
            }
            if endsWhenDraining && isDrainingNow { throw NetworkError.draining }
            readingEndsWhenDraining = endsWhenDraining
            defer { readingEndsWhenDraining = false }
            try await wait(.reading, until: deadline)
        }
    }

    func receive() throws(NetworkError) -> Received {
        let buffer = unsafe loop.receiveBuffer
        guard case .value(let count) = try unsafe socket.receive(into: buffer) else {
            isReadable = false
            return .nothing
        }
        guard count > 0 else { return .end }
        // A short read has emptied the socket. What comes later makes a new event; only the end of the stream may
        // already have been announced, and then the next read must find it.
        isReadable = count == buffer.count || peerHasEnded
        mustYieldBeforeReading = count == buffer.count
        return .bytes(unsafe Bytes(copying: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
    }

    /// Receives and forgets, until the peer sends no more or the deadline passes.
    func discardIncoming(until deadline: LoopTime, bytesMax: Int) async throws {
        var left = bytesMax
        while left > 0 && !isClosed {
            guard isReadable else {
                try await wait(.reading, until: deadline)
                continue
            }
            switch try unsafe socket.receive(into: loop.receiveBuffer) {
            case .value(0): return
            case .value(let count): left -= count
            case .wouldBlock: isReadable = false
            }
        }
    }

    /// Asks the connection to end as soon as it has nothing in work.
    func drain() {
        isDrainingNow = true
        if readingEndsWhenDraining { resume(.reading, .failure(NetworkError.draining)) }
    }
}
