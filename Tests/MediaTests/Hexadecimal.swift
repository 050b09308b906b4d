import Bytes

/// The bytes of a string of hexadecimal digits; spaces are ignored.
func hexadecimal(_ text: String) -> Bytes {
    let digits = text.compactMap(\.hexDigitValue)
    return Bytes(stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
}
