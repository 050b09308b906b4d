import Bytes
import StreamingCore
import Testing

@testable import PostgresBackend

@Suite struct PostgresValueTests {
    private func binary(_ value: PostgresValue) -> [UInt8]? {
        var buffer: [UInt8] = []
        return value.append(to: &buffer) ? buffer : nil
    }

    @Test func `values have the server's binary form`() {
        #expect(binary(.integer(-2)) == [255, 255, 255, 255, 255, 255, 255, 254])
        #expect(binary(.boolean(true)) == [1])
        #expect(binary(.boolean(false)) == [0])
        #expect(binary(.text("é")) == [0xC3, 0xA9])
        #expect(binary(.text("")) == [])
        #expect(binary(.bytes([0, 255])) == [0, 255])
        #expect(binary(.time(WallTime(unixMilliseconds: 946_684_800_001))) == [0, 0, 0, 0, 0, 0, 3, 232])
        #expect(binary(.number(-2)) == [0xC0, 0, 0, 0, 0, 0, 0, 0])
        #expect(binary(.session(ViewerSessionID(high: 1, low: 2))) == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2])
        #expect(binary(.texts([])) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25])
        #expect(
            binary(.texts(["ab", ""])) == [
                0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 97, 98, 0, 0, 0, 0,
            ])
    }

    @Test func `an array says whether it has a NULL, and of what type it is`() {
        let array = PostgresValue.array(of: .boolean, [.boolean(true), .boolean(nil), .boolean(false)])
        #expect(
            binary(array) == [
                0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 1, 255, 255, 255, 255, 0, 0, 0,
                1, 0,
            ])
        let types: [PostgresType] = [.boolean, .bytes, .integer, .text, .number, .time, .uuid]
        #expect(
            types.map { PostgresValue.array(of: $0, []).typeNumber } == [1000, 1001, 1016, 1009, 1022, 1185, 2951])
    }

    @Test func `NULL has no form, but a type`() {
        let nulls: [PostgresValue] = [
            .integer(nil), .boolean(nil), .text(nil), .bytes(nil), .id(nil), .time(nil), .number(nil),
            .session(nil),
        ]
        for null in nulls { #expect(binary(null) == nil) }
        #expect(nulls.map(\.typeNumber) == [20, 16, 25, 17, 2950, 1184, 701, 2950])
    }

    @Test func `an id is its sixteen bytes, and only those of version 7 are read`() throws {
        let id = try #require(UUIDv7("0190abcd-ef01-7abc-8def-0123456789ab"))
        let bytes: [UInt8] = [
            0x01, 0x90, 0xAB, 0xCD, 0xEF, 0x01, 0x7A, 0xBC, 0x8D, 0xEF, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB,
        ]
        #expect(binary(.id(id)) == bytes)
        #expect(UUIDv7(bytes: bytes) == id)
        #expect(UUIDv7(bytes: Array(bytes.dropLast())) == nil)
        #expect(UUIDv7(bytes: [UInt8](repeating: 0, count: 16)) == nil)
    }

    @Test(arguments: [0, -1, 1, 946_684_800_000, 1_795_435_200_123, -62_135_596_800_001])
    func `times come back to the millisecond`(_ unixMilliseconds: Int64) {
        let time = WallTime(unixMilliseconds: unixMilliseconds)
        #expect(PostgresTime.wallTime(microseconds: PostgresTime.microseconds(of: time)) == time)
    }

    @Test func `microseconds are cut off towards the past, on both sides of the epoch`() {
        #expect(PostgresTime.wallTime(microseconds: 1999).unixMilliseconds == 946_684_800_001)
        #expect(PostgresTime.wallTime(microseconds: -1).unixMilliseconds == 946_684_799_999)
    }

    @Test(arguments: [Int64.min, .max])
    func `a time that the server cannot hold becomes the nearest that it can`(_ unixMilliseconds: Int64) {
        let microseconds = PostgresTime.microseconds(of: WallTime(unixMilliseconds: unixMilliseconds))
        #expect(microseconds == (unixMilliseconds < 0 ? -211_813_488_000_000_000 : 9_223_371_331_199_999_000))
    }
}
