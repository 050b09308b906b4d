import Testing

@testable import Codecs

@Suite struct SampleGridTests {
    private static func grid() -> SampleGrid { SampleGrid(frameLength: 1024, silenceMax: 48_000, tolerance: 512) }

    /// A grid that has met one access unit at 1,024.
    private static func started() -> SampleGrid {
        var grid = grid()
        #expect(grid.unitCame(at: 1024, length: 1024) == .begins(silence: 0, leftOut: 0))
        grid.anchor(at: 1024)
        grid.appended(1024)
        #expect(grid.takeFrame() == 1024)
        return grid
    }

    @Test(arguments: [(0, 0, 0), (1, 1023, 1024), (1023, 1, 1024), (1024, 0, 1024), (5000, 120, 5120)])
    func `it begins at the next multiple`(position: Int64, leftOut: Int, start: Int64) {
        var grid = Self.grid()
        #expect(grid.unitCame(at: position, length: 1024) == .begins(silence: 0, leftOut: leftOut))
        grid.anchor(at: position)
        #expect(grid.frameStart == start)
        #expect(grid.takeFrame() == nil)
    }

    @Test(arguments: [2048, 2048 + 383, 2048 - 383] as [Int64]) func `jitter is absorbed`(position: Int64) {
        var grid = Self.started()
        #expect(grid.unitCame(at: position, length: 1024) == .follows)
    }

    @Test func `a gap is filled, an overlap is cut, and a long gap begins anew`() {
        var gap = Self.started()
        #expect(gap.unitCame(at: 2048 + 1000, length: 1024) == .followsGap(1000))
        var edge = Self.started()
        #expect(edge.unitCame(at: 2048 + 48_000, length: 1024) == .followsGap(48_000))
        var overlap = Self.started()
        #expect(overlap.unitCame(at: 2048 - 600, length: 1024) == .overlaps(by: 600))
        var past = Self.started()
        #expect(past.unitCame(at: 0, length: 1024) == .overlaps(by: 1024))
        #expect(past.unitCame(at: 2048, length: 1024) == .follows)
        var long = Self.started()
        long.appended(24)
        #expect(long.unitCame(at: 2048 + 48_001, length: 1024) == .begins(silence: 1000, leftOut: 127))
    }

    @Test(arguments: [1, -1] as [Int64]) func `drift is made up for sample by sample`(direction: Int64) {
        var grid = Self.started()
        var placements: [SampleGrid.Placement] = []
        var end: Int64 = 2048
        for index in 1...3000 {
            // A clock that differs by half a sample per access unit.
            let placement = grid.unitCame(at: 1024 + Int64(index) * 1024 + direction * Int64(index) / 2, length: 1024)
            placements.append(placement)
            end += placement == .followsSlowly ? 1025 : placement == .followsQuickly ? 1023 : 1024
        }
        let correction: SampleGrid.Placement = direction > 0 ? .followsSlowly : .followsQuickly
        #expect(placements.allSatisfy { $0 == .follows || $0 == correction })
        #expect(abs(end - (2048 + 3000 * 1024 + direction * 1500)) <= 385)
    }

    @Test func `a step that is too large to be jitter is a gap`() {
        var grid = Self.started()
        #expect(grid.unitCame(at: 2048 + 512, length: 1024) == .followsGap(512))
    }
}
