import Bytes

/// Puts messages together from the chunks of a connection.
///
/// Payload bytes are copied once, from the received buffer into the message. A slice of the received buffer would save
/// that copy for messages in one piece, but then a 300-byte audio frame would keep a buffer of 64 KiB alive for as long
/// as the frame lives, which is minutes in a frame log.
///
/// SetChunkSize and Abort concern only this layer and take effect here, on whichever chunk stream they arrive.
struct ChunkReader: ~Copyable {
    /// Received and not yet consumed from `position` on: behind `next()` returning `nil` at most an incomplete header.
    private var input = Bytes()
    private var position = 0
    private var streams: [ChunkStream] = []
    /// The stream of the last chunk, which is mostly the stream of the next one.
    private var current = 0
    /// What the chunk under way still lacks.
    private var chunkMissing = 0
    private var chunkBytesMax = 128
    private var partialBytes = 0

    /// Takes bytes from the peer; `next()` must have returned `nil` before, lest the rest be copied.
    mutating func receive(_ bytes: Bytes) {
        guard position < input.count else {
            input = bytes
            position = 0
            return
        }
        var joined = ByteWriter(capacity: input.count - position + bytes.count)
        joined.write(input.dropFirst(position))
        joined.write(bytes)
        input = joined.finish()
        position = 0
    }

    /// The next complete message, or `nil` when more bytes are needed.
    mutating func next() throws(RTMPFailure) -> RawMessage? {
        let message = try nextMessage()
        // A silent connection must not hold on to its last receive buffer.
        if message == nil && position == input.count {
            input = Bytes()
            position = 0
        }
        return message
    }

    private mutating func nextMessage() throws(RTMPFailure) -> RawMessage? {
        while true {
            if chunkMissing > 0 {
                let taken = min(chunkMissing, input.count - position)
                guard taken > 0 else { return nil }
                try takePayload(taken)
                guard chunkMissing == 0 else { return nil }
            } else if try !readHeader() {
                return nil
            }
            let stream = streams[current]
            guard chunkMissing == 0, stream.isUnderWay, stream.missing == 0 else { continue }
            partialBytes -= stream.received
            let message = stream.finish()
            if try !applied(message) { return message }
        }
    }

    private mutating func takePayload(_ count: Int) throws(RTMPFailure) {
        partialBytes += count
        guard partialBytes <= RTMPLimits.partialMessageBytesMax else {
            throw .tooManyPartialBytes(partialBytes, limit: RTMPLimits.partialMessageBytesMax)
        }
        streams[current].append(input[position..<position + count])
        position += count
        chunkMissing -= count
    }

    /// Reads the next chunk's header when all of it is there.
    private mutating func readHeader() throws(RTMPFailure) -> Bool {
        guard let (format, id, basicBytes) = basicHeader() else { return false }
        guard let index = index(of: id) else {
            // Without an earlier header only formats 0 and 1 say what follows.
            guard format < 2 else { throw .chunkStreamWithoutHeader(chunkStreamID: id, format: format) }
            guard streams.count < RTMPLimits.chunkStreamsMax else {
                throw .tooManyChunkStreams(limit: RTMPLimits.chunkStreamsMax)
            }
            streams.append(ChunkStream(id: id))
            return try readHeader()
        }
        current = index
        let stream = streams[index]
        let at = position + basicBytes
        if format == 3 {
            guard let extendedBytes = extendedBytes(repeatedBy: stream, at: at) else { return false }
            position = at + extendedBytes
            if !stream.isUnderWay {
                stream.apply(ChunkHeader(time: .repeated))
                try begin(stream)
            }
        } else {
            guard !stream.isUnderWay else {
                throw .messageInterrupted(chunkStreamID: id, missing: stream.missing)
            }
            guard let (header, headerBytes) = messageHeader(format: format, at: at) else { return false }
            position = at + headerBytes
            stream.apply(header)
            try begin(stream)
        }
        chunkMissing = min(chunkBytesMax, stream.missing)
        return true
    }

    private func begin(_ stream: ChunkStream) throws(RTMPFailure) {
        let limit = RawMessage.payloadBytesMax(type: stream.type)
        guard stream.length <= limit else {
            throw .messageTooLong(type: stream.type, length: stream.length, limit: limit)
        }
        stream.begin()
    }

    private func basicHeader() -> (format: UInt8, id: Int, bytes: Int)? {
        let available = input.count - position
        guard available >= 1 else { return nil }
        let first = input[position]
        let format = first >> 6
        switch first & 63 {
        case 0:
            guard available >= 2 else { return nil }
            return (format, 64 + Int(input[position + 1]), 2)
        case 1:
            guard available >= 3 else { return nil }
            return (format, 64 + Int(input[position + 1]) + 256 * Int(input[position + 2]), 3)
        case let id:
            return (format, Int(id), 1)
        }
    }

    private func messageHeader(format: UInt8, at start: Int) -> (ChunkHeader, bytes: Int)? {
        var bytes = ChunkHeader.messageHeaderBytes(format: format)
        guard input.count - start >= bytes else { return nil }
        var time = bigEndian(at: start, bytes: 3)
        let isExtended = time == ChunkHeader.extendedMark
        if isExtended {
            guard input.count - start >= bytes + 4 else { return nil }
            time = bigEndian(at: start + bytes, bytes: 4)
            bytes += 4
        }
        let message = format < 2 ? (length: Int(bigEndian(at: start + 3, bytes: 3)), type: input[start + 6]) : nil
        guard format == 0 else {
            return (ChunkHeader(time: .delta(time), message: message, isExtended: isExtended), bytes)
        }
        let streamID = bigEndian(at: start + 7, bytes: 4).byteSwapped
        return (
            ChunkHeader(time: .absolute(time, streamID: streamID), message: message, isExtended: isExtended), bytes
        )
    }

    /// How many bytes a format 3 chunk spends on repeating the extended timestamp: 0 or 4, `nil` when not yet known.
    ///
    /// The specification wants it repeated; older librtmp and OBS do not. What follows is taken for it when it equals
    /// the value of the stream's last header, or the message's absolute time, which some repeat behind a delta.
    private func extendedBytes(repeatedBy stream: ChunkStream, at start: Int) -> Int? {
        guard let extended = stream.extendedTimestamp else { return 0 }
        let available = min(4, input.count - start)
        var couldBeField = true
        var couldBeTime = true
        for index in 0..<available {
            let shift = UInt32(24 - 8 * index)
            let byte = input[start + index]
            if byte != UInt8(truncatingIfNeeded: extended >> shift) { couldBeField = false }
            if byte != UInt8(truncatingIfNeeded: stream.timestamp >> shift) { couldBeTime = false }
        }
        guard couldBeField || couldBeTime else { return 0 }
        return available == 4 ? 4 : nil
    }

    private func bigEndian(at start: Int, bytes: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in start..<start + bytes { value = value << 8 | UInt32(input[index]) }
        return value
    }

    private func index(of id: Int) -> Int? {
        if current < streams.count, streams[current].id == id { return current }
        return streams.firstIndex { $0.id == id }
    }

    /// Whether a message concerned this layer and has taken effect.
    private mutating func applied(_ message: RawMessage) throws(RTMPFailure) -> Bool {
        guard message.type == MessageType.setChunkSize || message.type == MessageType.abort else { return false }
        guard !message.payload.isEmpty else { return true }
        var reader = ByteReader(message.payload)
        guard let value = try? reader.readUInt32() else {
            throw .controlMessageTooShort(type: message.type, length: message.payload.count)
        }
        if message.type == MessageType.abort {
            if let index = streams.firstIndex(where: { $0.id == Int(value) }) { partialBytes -= streams[index].abort() }
        } else {
            // The top bit must be zero and is not always (5.4.1).
            let size = value & 0x7FFF_FFFF
            guard size > 0 else { throw .chunkSizeZero }
            chunkBytesMax = Int(size)
        }
        return true
    }
}
