import Bytes
@testable import RedisBackend
import StreamingCore
import Testing

@Suite struct PoolStateMachineTests {
    private let outcomes = Outcomes()
    private let down = StreamError.network(reason: "down")

    private func submit(_ machine: inout PoolStateMachine, _ request: RedisRequest) -> String {
        switch machine.submitted(request) {
        case .hand(let connection): "\(connection)"
        case .wait: "wait"
        case .refuse(let error): "\(error)"
        }
    }

    @Test func `a request goes to the open connection with the least work`() {
        var machine = PoolStateMachine(connectionCount: 3)
        #expect(machine.opened(0).requests.isEmpty)
        _ = machine.opened(1)
        let large = RedisCommands("SET", "k", .buffers([Bytes([UInt8](repeating: 0, count: 100_000))]))
        let taken = [
            submit(&machine, outcomes.request("", large)), submit(&machine, outcomes.request("")),
            submit(&machine, outcomes.request("")), submit(&machine, outcomes.request("")),
        ]
        #expect(taken == ["0", "1", "1", "1"])
        machine.ended(on: 0, bytes: large.byteCount)
        #expect(submit(&machine, outcomes.request("")) == "0")
    }

    @Test func `requests wait for the first connection that opens`() {
        var machine = PoolStateMachine(connectionCount: 2)
        #expect(submit(&machine, outcomes.request("a")) == "wait")
        #expect(submit(&machine, outcomes.request("b")) == "wait")
        #expect(machine.failed(0, down).requests.isEmpty)
        #expect(submit(&machine, outcomes.request("c")) == "wait")
        let (requests, news) = machine.opened(1)
        #expect(requests.count == 3)
        #expect(news == .none)
        #expect(submit(&machine, outcomes.request("d")) == "1")
    }

    @Test func `nobody waits when all connections have failed, until one opens`() {
        var machine = PoolStateMachine(connectionCount: 2)
        #expect(submit(&machine, outcomes.request("a")) == "wait")
        #expect(machine.failed(0, down).news == .none)
        let (requests, news) = machine.failed(1, down)
        #expect(requests.count == 1)
        #expect(news == .down(down))
        #expect(submit(&machine, outcomes.request("b")) == "\(down)")
        #expect(machine.failed(0, down).news == .none)
        #expect(submit(&machine, outcomes.request("c")) == "\(down)")
        #expect(machine.opened(0).news == .up)
        #expect(submit(&machine, outcomes.request("d")) == "0")
    }

    @Test func `a connection that was lost is waited for once`() {
        var machine = PoolStateMachine(connectionCount: 1)
        _ = machine.opened(0)
        machine.lost(0)
        #expect(submit(&machine, outcomes.request("a")) == "wait")
        #expect(machine.failed(0, down).requests.count == 1)
        #expect(submit(&machine, outcomes.request("b")) == "\(down)")
    }

    @Test func `those that wait too long are given up`() {
        var machine = PoolStateMachine(connectionCount: 1)
        let now = ContinuousClock.now
        for second in 1...3 {
            #expect(submit(&machine, outcomes.request("", deadline: now + .seconds(second))) == "wait")
        }
        #expect(machine.expired(at: now).isEmpty)
        #expect(machine.expired(at: now + .seconds(2)).count == 2)
        #expect(machine.opened(0).requests.count == 1)
    }

    @Test func `calls and their bytes are bounded, whether they wait or are under way`() {
        var machine = PoolStateMachine(connectionCount: 1)
        for _ in 0..<RedisLimits.callsMax { #expect(submit(&machine, outcomes.request("")) == "wait") }
        #expect(submit(&machine, outcomes.request("")).hasPrefix("overloaded"))
        #expect(machine.opened(0).requests.count == RedisLimits.callsMax)
        #expect(submit(&machine, outcomes.request("")).hasPrefix("overloaded"))
        machine.ended(on: 0, bytes: RedisCommands("PING").byteCount)
        #expect(submit(&machine, outcomes.request("")) == "0")

        var other = PoolStateMachine(connectionCount: 1)
        _ = other.opened(0)
        let value = Bytes([UInt8](repeating: 0, count: 1 << 20))
        let large = RedisCommands("SET", "k", .buffers([Bytes](repeating: value, count: 40)))
        var taken = 0
        while submit(&other, outcomes.request("", large)) == "0" { taken += 1 }
        #expect(taken == RedisLimits.callBytesMax / large.byteCount)
    }
}
