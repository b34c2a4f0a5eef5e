internal import Synchronization

/// Runs a handler for each thing that is delivered, all at the same time.
///
/// The tasks that start them are never cancelled themselves: a connection they did not take over would be nobody's.
final class HandlerTasks<Item: Sendable>: Sendable {
    private enum Delivery: Sendable {
        case item(Item)
        case cancel
    }

    /// A task group looks for a child that has ended among all it has, so with one group the end of ten thousand handlers would take
    /// seconds.
    private static var groups: Int { 64 }

    private let deliveries: [(stream: AsyncStream<Delivery>, continuation: AsyncStream<Delivery>.Continuation)]
    private let next = Atomic(0)

    init() {
        deliveries = (0..<Self.groups).map { _ in AsyncStream.makeStream(of: Delivery.self) }
    }

    /// Begins to start handlers, in tasks that have the task-local values of the caller. To be called once.
    ///
    /// These are no children of the caller: neither may a handler that never returns keep a generation from ending, nor
    /// may cancellation end these before their work is done.
    func start(_ handle: @escaping @Sendable (Item) async -> Void) {
        for (deliveries, _) in deliveries {
            Task {
                await withDiscardingTaskGroup { group in
                    for await delivery in deliveries {
                        switch delivery {
                        case .item(let item): group.addTask { await handle(item) }
                        case .cancel: group.cancelAll()
                        }
                    }
                }
            }
        }
    }

    /// Has it handled. Thread-safe; what comes before ``start(_:)`` waits.
    func deliver(_ item: Item) {
        let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
        deliveries[Int(UInt(bitPattern: turn) % UInt(Self.groups))].continuation.yield(.item(item))
    }

    /// Cancels the handlers that run, and those that start later.
    func cancel() {
        for (_, continuation) in deliveries { continuation.yield(.cancel) }
    }

    /// Nothing is delivered any more.
    func finish() {
        for (_, continuation) in deliveries { continuation.finish() }
    }
}
