/// Runs a handler for each thing that is delivered, all at the same time.
///
/// The task that starts them is never cancelled itself: a connection it did not take over would be nobody's.
struct HandlerTasks<Item: Sendable>: Sendable {
    private enum Delivery: Sendable {
        case item(Item)
        case cancel
    }

    private let deliveries: AsyncStream<Delivery>
    private let deliveriesIn: AsyncStream<Delivery>.Continuation

    init() {
        (deliveries, deliveriesIn) = AsyncStream.makeStream(of: Delivery.self)
    }

    /// Begins to start handlers, in tasks that have the task-local values of the caller. To be called once.
    ///
    /// These are no children of the caller: neither may a handler that never returns keep a generation from ending, nor
    /// may cancellation end these before their work is done.
    func start(_ handle: @escaping @Sendable (Item) async -> Void) {
        let deliveries = deliveries
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

    /// Has it handled. Thread-safe; what comes before ``start(_:)`` waits.
    func deliver(_ item: Item) {
        deliveriesIn.yield(.item(item))
    }

    /// Cancels the handlers that run, and those that start later.
    func cancel() {
        deliveriesIn.yield(.cancel)
    }

    /// Nothing is delivered any more.
    func finish() {
        deliveriesIn.finish()
    }
}
