import Testing

@testable import PostgresBackend

@Suite struct PoolMachineTests {
    private typealias Machine = PoolMachine<String>
    private let start = ContinuousClock.now

    private func deadline(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// A machine whose workers are all connected and at work.
    private func working(_ count: Int, of workersMax: Int) -> Machine {
        var machine = Machine(workersMax: workersMax)
        for worker in 0..<count {
            _ = machine.submitted("first \(worker)", deadline: deadline(0))
            _ = machine.isFree(worker)
        }
        return machine
    }

    @Test func `a job waits while a new worker connects, as long as there may be one more`() {
        var machine = Machine(workersMax: 2)
        #expect("\(machine.submitted("a", deadline: deadline(1)))" == "waitAndStart(0)")
        #expect("\(machine.submitted("b", deadline: deadline(1)))" == "waitAndStart(1)")
        #expect("\(machine.submitted("c", deadline: deadline(1)))" == "wait")
        #expect(machine.workersCount == 2)
        #expect(machine.busyCount == 2)
        #expect(machine.waitingCount == 3)
        #expect("\(machine.isFree(1))" == #"run("a")"#)
        #expect(machine.waitingCount == 2)
    }

    @Test func `no more workers connect than jobs wait`() {
        var machine = working(1, of: 3)
        #expect("\(machine.submitted("a", deadline: deadline(1)))" == "waitAndStart(1)")
        #expect("\(machine.isFree(0))" == #"run("a")"#)
        #expect("\(machine.submitted("b", deadline: deadline(1)))" == "wait")
        #expect("\(machine.submitted("c", deadline: deadline(1)))" == "waitAndStart(2)")
    }

    @Test func `who is free takes the job that has waited for longest, and rests when none is left`() {
        var machine = working(1, of: 1)
        for name in ["b", "c"] { _ = machine.submitted(name, deadline: deadline(1)) }
        #expect("\(machine.isFree(0))" == #"run("b")"#)
        #expect("\(machine.isFree(0))" == #"run("c")"#)
        #expect("\(machine.isFree(0))" == "rest")
        #expect(machine.busyCount == 0)
    }

    @Test func `the worker that rested last works first, so that the others can go home`() {
        var machine = working(3, of: 3)
        for worker in [1, 0, 2] { _ = machine.isFree(worker) }
        #expect("\(machine.submitted("d", deadline: deadline(1)))" == "hand(to: 2)")
        #expect(machine.rested(1) == true)
        #expect("\(machine.submitted("e", deadline: deadline(1)))" == "hand(to: 0)")
        #expect("\(machine.submitted("f", deadline: deadline(1)))" == "waitAndStart(1)")
    }

    @Test func `a worker that was handed a job while its rest ended does not go home`() {
        var machine = working(1, of: 1)
        _ = machine.isFree(0)
        _ = machine.submitted("b", deadline: deadline(1))
        #expect(machine.rested(0) == false)
        #expect(machine.workersCount == 1)
    }

    @Test func `jobs that have waited long enough are given up, and no others`() {
        var machine = working(1, of: 1)
        for second in 1...3 { _ = machine.submitted("\(second)", deadline: deadline(second)) }
        #expect(machine.nextDeadline == deadline(1))
        #expect(machine.timePassed(now: start) == [])
        #expect(machine.timePassed(now: deadline(2)) == ["1", "2"])
        #expect(machine.nextDeadline == deadline(3))
        #expect("\(machine.isFree(0))" == #"run("3")"#)
        #expect(machine.nextDeadline == nil)
    }

    @Test func `the jobs that wait have a maximum`() {
        var machine = working(1, of: 1)
        for _ in 0..<Machine.jobsWaitingMax { _ = machine.submitted("a", deadline: deadline(1)) }
        #expect("\(machine.submitted("one too many", deadline: deadline(1)))" == "refuse")
        #expect(machine.waitingCount == Machine.jobsWaitingMax)
    }

    @Test func `a job whose worker lost the connection is the next for whoever has one`() {
        var machine = working(2, of: 2)
        _ = machine.submitted("a", deadline: deadline(2))
        #expect("\(machine.connectionLost(0, before: "lost", deadline: deadline(1)))" == "wait")
        #expect("\(machine.isFree(1))" == #"run("lost")"#)
        #expect("\(machine.isFree(1))" == #"run("a")"#)
        _ = machine.isFree(1)
        #expect("\(machine.connectionLost(0, before: "lost again", deadline: deadline(1)))" == "hand(to: 1)")
    }

    @Test func `a worker that cannot connect tries again while jobs wait, and then goes home`() {
        var machine = Machine(workersMax: 1)
        _ = machine.submitted("a", deadline: deadline(1))
        #expect("\(machine.connectionFailed(0, isFinal: false))" == "tryAgain")
        _ = machine.timePassed(now: deadline(1))
        #expect("\(machine.connectionFailed(0, isFinal: false))" == "end")
        #expect(machine.workersCount == 0)
    }

    @Test func `jobs fail at once when nobody is let in, but not while somebody is`() {
        var machine = Machine(workersMax: 2)
        for name in ["a", "b", "c"] { _ = machine.submitted(name, deadline: deadline(1)) }
        #expect("\(machine.connectionFailed(0, isFinal: true))" == #"endAndFail(["a", "b", "c"])"#)
        #expect("\(machine.connectionFailed(1, isFinal: true))" == "end")
        machine = working(1, of: 2)
        _ = machine.submitted("d", deadline: deadline(1))
        #expect("\(machine.connectionFailed(1, isFinal: true))" == "tryAgain")
        #expect("\(machine.isFree(0))" == #"run("d")"#)
    }

    @Test func `a closed pool finishes what waits, takes nothing more and sends its workers home`() {
        var machine = working(2, of: 2)
        _ = machine.submitted("c", deadline: deadline(1))
        #expect(machine.closed() == [])
        #expect("\(machine.submitted("d", deadline: deadline(1)))" == "refuse")
        #expect("\(machine.isFree(0))" == #"run("c")"#)
        #expect("\(machine.isFree(1))" == "end")
        #expect("\(machine.isFree(0))" == "end")
        #expect(machine.workersCount == 0)
    }

    @Test func `workers that rest when the pool closes are named, to be woken`() {
        var machine = working(1, of: 2)
        _ = machine.isFree(0)
        #expect(machine.closed() == [0])
        #expect(machine.rested(0) == true)
    }
}
