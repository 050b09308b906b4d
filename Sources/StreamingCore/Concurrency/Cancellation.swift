/// Waits until the task is cancelled.
public func untilCancelled() async {
    let never = AsyncStream<Never>.makeStream()
    // The stream gives nothing and ends when the task is cancelled; the continuation is kept so that it does not end
    // before.
    for await _ in never.stream {}
    withExtendedLifetime(never.continuation) {}
}
