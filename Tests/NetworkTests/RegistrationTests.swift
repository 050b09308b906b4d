@testable import Network
import Testing

@Suite struct RegistrationTests {
    final class Target: EventTarget {
        func eventsArrived(_ events: ReadyEvents) {}
    }

    @Test func `an event for an ended registration reaches nobody, also when its slot is taken again`() {
        var table = RegistrationTable()
        let first = table.insert(Target())
        table.remove(first)
        #expect(table.target(first) == nil)
        let successor = Target()
        let second = table.insert(successor)
        #expect(second != first)
        #expect(table.target(first) == nil)
        #expect(table.target(second) === successor)
        table.remove(first)
        #expect(table.target(second) === successor)
        #expect(table.count == 1)
    }

    @Test func `a token that was never given out reaches nobody`() {
        var table = RegistrationTable()
        _ = table.insert(Target())
        #expect(table.target(RegistrationID(token: 1)) == nil)
        #expect(table.target(RegistrationID(token: 1 << 32)) == nil)
        #expect(table.target(RegistrationID(token: .max)) == nil)
    }
}
