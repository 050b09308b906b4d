import Bytes
import RTMP

// Fuzzes the readers of both AMF versions; what AMF0 can write again must read as the same.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAMF(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Bytes(copying: UnsafeRawBufferPointer(start: start, count: count))
    var reader = AMF3Reader(input)
    while let _ = try? reader.readValue() {}
    guard let values = try? AMF0Reader.values(of: input) else { return 0 }
    let written = AMF0Writer.bytes(of: values)
    let again: [AMFValue]
    do throws(AMFFailure) { again = try AMF0Reader.values(of: written) } catch {
        switch error {
        // References are written out, so that what was shared may now be beyond a bound.
        case .tooDeep, .tooManyElements: return 0
        case .truncated, .unknownMarker, .danglingReference: preconditionFailure("what was written does not read")
        }
    }
    // Not the values are compared, because NaN differs from itself, but their bytes.
    precondition(AMF0Writer.bytes(of: again) == written, "what was written reads as something else")
    return 0
}
