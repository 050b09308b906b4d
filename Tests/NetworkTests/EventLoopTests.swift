import Network
import Testing

extension NetworkTests {
    @Suite struct EventLoopTests {
        let loop = Loopback.client

        @Test func `work from other threads runs on the loop and in order`() async throws {
            let order = Recorder<Int>()
            for number in 0..<1_000 {
                loop.execute { [loop] in
                    if loop.isCurrent { order.record(number) }
                }
            }
            try await Loopback.eventually { order.values.count == 1_000 }
            #expect(order.values == Array(0..<1_000))
        }

        @Test func `many threads may hand work over at once`() async throws {
            let numbers = Recorder<Int>()
            await withDiscardingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { [loop] in
                        for number in 0..<1_000 { loop.execute { numbers.record(number) } }
                    }
                }
            }
            try await Loopback.eventually { numbers.values.count == 8_000 }
        }

        @Test func `an operation runs on the loop's thread and comes back`() async {
            #expect(EventLoop.current == nil)
            let isCurrent = await loop.run { loop in loop.isCurrent && EventLoop.current === loop }
            #expect(isCurrent)
            #expect(!loop.isCurrent)
        }

        @Test func `sleep ends behind its deadline`() async throws {
            let deadline = loop.now + .milliseconds(5)
            try await loop.sleep(until: deadline)
            #expect(LoopTime.current >= deadline)
        }

        @Test func `sleepers wake in the order of their deadlines`() async throws {
            let (order, arrivals, starts) = (Recorder<Int>(), Recorder<Int>(), Recorder<LoopTime>())
            try await withThrowingDiscardingTaskGroup { group in
                for place in [5, 1, 4, 2, 3] {
                    group.addTask {
                        try await loop.run { loop in
                            // They all stand on the loop before the first of them is due, however busy the machine is.
                            arrivals.record(place)
                            if arrivals.values.count == 5 { starts.record(loop.now) }
                            while starts.values.isEmpty { await Task.yield() }
                            try await loop.sleep(until: starts.values[0] + .milliseconds(20 + 3 * place))
                            order.record(place)
                        }
                    }
                }
            }
            #expect(order.values == [1, 2, 3, 4, 5])
        }

        @Test(.timeLimit(.minutes(1))) func `a cancelled sleep ends at once`() async {
            let sleeping = Task { [loop] in try await loop.sleep(for: .seconds(3_600)) }
            sleeping.cancel()
            await #expect(throws: CancellationError.self) { try await sleeping.value }
        }

        @Test func `an actor of the loop can be entered without a switch`() async {
            let counter = LoopCounter(loop)
            await counter.increment()
            let count = await loop.run { _ in counter.countWithoutWaiting }
            #expect(count == 1)
        }

        /// The runtime runs an ordinary actor's jobs on the loop of whoever calls it, so it must still lock the actor.
        @Test func `an ordinary actor stays exclusive when tasks of two loops call it`() async {
            let actor = OrdinaryCounter()
            await withDiscardingTaskGroup { group in
                for loop in Loopback.group.loops {
                    for _ in 0..<4 {
                        group.addTask(executorPreference: loop) {
                            for _ in 0..<5_000 { await actor.increment() }
                        }
                    }
                }
            }
            #expect(await actor.count == 40_000)
        }

        @Test func `jobs that keep yielding do not starve timers`() async throws {
            let spinning = Task(executorPreference: loop) {
                while !Task.isCancelled { await Task.yield() }
            }
            try await loop.sleep(for: .milliseconds(2))
            spinning.cancel()
            await spinning.value
        }

        @Test func `a group ends its threads and closes its descriptors`() async throws {
            let before = Descriptors.count
            for _ in 0..<10 {
                let group = try EventLoopGroup(count: 3)
                let numbers = await withTaskGroup { tasks in
                    for loop in group.loops { tasks.addTask { await loop.run { $0.index } } }
                    return await tasks.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(numbers == [0, 1, 2])
                await group.shutdown()
            }
            try await Loopback.eventually { Descriptors.count <= before + 8 }
        }
    }
}

/// An actor that lives on a loop.
private actor LoopCounter {
    private let loop: EventLoop
    private(set) var count = 0

    init(_ loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.isolation.asUnownedSerialExecutor() }

    nonisolated var countWithoutWaiting: Int { assumeIsolated { $0.count } }

    func increment() { count += loop.isCurrent ? 1 : 1_000 }
}

/// An actor without a loop of its own.
private actor OrdinaryCounter {
    private(set) var count = 0

    func increment() { count += 1 }
}
