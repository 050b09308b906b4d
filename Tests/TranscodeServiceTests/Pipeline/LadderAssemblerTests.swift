import Bytes
import Codecs
import Media
import Packaging
import Testing

@testable import TranscodeService

@Suite struct LadderAssemblerTests {
    private static let source = track(profile: 0x64)
    private static let high = track(profile: 0x4D)
    private static let low = track(profile: 0x42)
    private static let members: [LadderAssembler.Member] = [
        .init(name: "720p", halvesFrameRate: false), .init(name: "480p", halvesFrameRate: false),
    ]

    /// Parameter sets of a 320x180 picture; the fixtures are constant and known to be legal, hence `try!`.
    private static func track(profile: UInt8) -> Track {
        let sps: [UInt8] = [
            0x67, profile, 0x00, 0x0C, 0xAC, 0xD9, 0x41, 0x41, 0x9F, 0x9F, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10,
            0x00, 0x00, 0x03, 0x03, 0x20, 0xF1, 0x42, 0x99, 0x60,
        ]
        let pps: Bytes = [0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0]
        return Track(.avc(try! AVCConfiguration(sequenceParameterSets: [Bytes(sps)], pictureParameterSets: [pps])))
    }

    private func frame(_ time: Int64, isKeyframe: Bool = false) -> Frame {
        Frame(track: Self.source, decodeTime: time, isKeyframe: isKeyframe, discontinuitySequence: 4, payload: [1])
    }

    private func made(_ rung: String, _ track: Track, _ time: Int64, isKeyframe: Bool = false)
        -> (rung: String, outputs: [PipelineOutput])
    {
        let picture = EncodedPicture(
            presentationTime: time, decodeTime: time - 3000, isKeyframe: isKeyframe, payload: [2])
        return (rung, [.picture(picture, track)])
    }

    private func both(_ time: Int64, isKeyframe: Bool = false) -> [(rung: String, outputs: [PipelineOutput])] {
        [
            made("480p", Self.low, time, isKeyframe: isKeyframe),
            made("720p", Self.high, time, isKeyframe: isKeyframe),
        ]
    }

    private func assembler() -> LadderAssembler {
        var assembler = LadderAssembler()
        assembler.begin(Self.members, copyName: "720p")
        return assembler
    }

    @Test func `nothing begins without a key frame`() {
        var assembler = assembler()
        #expect(assembler.assemble(frame(0), both(0), .encode) == nil)
        #expect(assembler.assemble(frame(9000), both(9000, isKeyframe: true), .encode) != nil)
    }

    @Test func `the lowest encoded rung leads`() throws {
        var assembler = assembler()
        let madepicture = assembler.assemble(frame(0, isKeyframe: true), both(0, isKeyframe: true), .encode)
        let picture = try #require(madepicture)
        #expect(picture.ladder.members.map(\.name) == ["720p", "480p"])
        #expect(picture.ladder.leader == 1)
        #expect(picture.leading.track === Self.low)
        #expect(picture.leading.presentationTime == 0)
        #expect(picture.leading.decodeTime >= 0)
        #expect(picture.leading.discontinuitySequence == 4)
        #expect(picture.following.map(\.member) == [0])
    }

    @Test func `a rung with half of the frame rate does not lead`() throws {
        var assembler = LadderAssembler()
        assembler.begin([Self.members[0], .init(name: "480p", halvesFrameRate: true)], copyName: "720p")
        let madepicture = assembler.assemble(frame(0, isKeyframe: true), both(0, isKeyframe: true), .encode)
        let picture = try #require(madepicture)
        #expect(picture.ladder.leader == 0)
        let madenext = assembler.assemble(frame(3000), [made("720p", Self.high, 3000)], .encode)
        let next = try #require(madenext)
        #expect(next.following.isEmpty)
    }

    @Test func `a copy takes the place of its rung and leads`() throws {
        var assembler = assembler()
        let madepicture = assembler.assemble(frame(0, isKeyframe: true), both(0, isKeyframe: true), .copy)
        let picture = try #require(madepicture)
        #expect(picture.ladder.members.map(\.name) == ["720p", "480p"])
        #expect(picture.ladder.leader == 0)
        #expect(picture.leading.track === Self.source)
        #expect(assembler.copied == 0)
    }

    @Test func `a copy goes on until its own encoder has begun`() throws {
        var assembler = assembler()
        _ = assembler.assemble(frame(0, isKeyframe: true), both(0, isKeyframe: true), .copy)
        let low = [made("480p", Self.low, 3000)]
        #expect(assembler.assemble(frame(3000), low, .encode)?.leading.track === Self.source)
        #expect(assembler.assemble(frame(6000), both(6000, isKeyframe: true), .encode)?.leading.track === Self.low)
        #expect(assembler.copied == nil)
        #expect(assembler.assemble(frame(9000, isKeyframe: true), both(9000), .encode)?.leading.track === Self.low)
    }

    @Test func `a rung without a key frame where the others have one is left out`() throws {
        var assembler = assembler()
        _ = assembler.assemble(frame(0, isKeyframe: true), both(0, isKeyframe: true), .encode)
        let alone = assembler.assemble(frame(9000), [made("480p", Self.low, 9000, isKeyframe: true)], .encode)
        #expect(alone?.ladder.members.map(\.name) == ["480p"])
        let late = assembler.assemble(frame(12_000), both(12_000), .encode)
        #expect(late?.ladder.members.map(\.name) == ["480p"])
        let again = assembler.assemble(frame(18_000), both(18_000, isKeyframe: true), .encode)
        #expect(again?.ladder.members.map(\.name) == ["720p", "480p"])
    }

    @Test func `the ladder is the same object while nothing changes`() throws {
        var assembler = assembler()
        let first = assembler.assemble(frame(0, isKeyframe: true), both(0, isKeyframe: true), .encode)
        let second = assembler.assemble(frame(9000), both(9000, isKeyframe: true), .encode)
        #expect(first?.ladder === second?.ladder)
    }

    @Test func `where no encoder gives anything the source is better than nothing`() throws {
        var assembler = assembler()
        #expect(assembler.assemble(frame(0), [], .encode) == nil)
        let madepicture = assembler.assemble(frame(3000, isKeyframe: true), [], .encode)
        let picture = try #require(madepicture)
        #expect(picture.ladder.members.map(\.name) == ["720p"])
        #expect(assembler.assemble(frame(6000), [], .encode)?.leading.track === Self.source)
    }
}
