import Bytes
import Media
import RTMP

// Fuzzes what is in audio and video messages, behind good or bad sequence headers.
//
// input: messages, each: type (1; the lowest bit is video), length (1, times 8), body.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFLV(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Bytes(copying: UnsafeRawBufferPointer(start: start, count: count))
    var assembler = FrameAssembler()
    var position = 0
    while position + 2 < input.count {
        let isVideo = input[position] & 1 == 1
        let end = min(position + 2 + max(1, Int(input[position + 1]) * 8), input.count)
        let body = input[position + 2..<end]
        let time = UInt32(truncatingIfNeeded: position)
        let frame =
            isVideo
            ? try? assembler.receiveVideo(body, timestamp: time) : try? assembler.receiveAudio(body, timestamp: time)
        if let frame {
            precondition(!frame.payload.isEmpty, "a frame is never empty")
            if case .avc = frame.track.configuration { checkUnits(frame.payload) }
        }
        position = end
    }
    return 0
}

/// The payload of a video frame is whole NAL units behind 4-byte lengths.
private func checkUnits(_ payload: Bytes) {
    var reader = ByteReader(payload)
    while !reader.isAtEnd {
        guard let length = try? reader.readUInt32(), length > 0, (try? reader.skip(Int(length))) != nil else {
            preconditionFailure("the payload is no sequence of NAL units")
        }
    }
}
