package import Baton
package import Logging
internal import Synchronization
internal import SystemPackage
package import Systemd

/// One attempt to hand the service to a successor: started, waited for, named to the service manager as the main process, and
/// told to go on. If that does not succeed, nothing has changed.
///
/// Starting, waiting and telling take place on a thread of their own.
package final class HandOver: Sendable {
    /// What became of it.
    package enum Outcome: Sendable, Hashable {
        /// The service is another process's now, and this one is to drain.
        case done(pid: CInt)
        /// The service stops; the successor has been ended.
        case abandoned
        /// Why there is no successor.
        case failed(RestartError)
    }

    /// How long the service manager may take to read what it has been told before that is mentioned.
    private static let barrierPatience = Duration.seconds(5)

    private let record: StartRecord
    private let limit: Duration
    private let notifier: ServiceNotifier
    private let reporter: ServiceReporter
    private let logger: Logger
    private let waker: Waker
    private let isAbandoned = Atomic(false)

    /// - Parameters:
    ///   - record: How the successor is to be started.
    ///   - limit: How long its start may take.
    ///   - notifier: The service manager.
    ///   - reporter: What speaks to the manager, and is to be silent afterwards.
    ///   - logger: Where it says what it does.
    /// - Throws: The `Errno` of `eventfd(2)` if the process is out of descriptors.
    package init(
        record: StartRecord,
        limit: Duration,
        notifier: ServiceNotifier,
        reporter: ServiceReporter,
        logger: Logger
    ) throws {
        self.record = record
        self.limit = limit
        self.notifier = notifier
        self.reporter = reporter
        self.logger = logger
        self.waker = try Waker()
    }

    /// The service stops: the attempt is given up, unless it has succeeded. Thread-safe.
    package func abandon() {
        isAbandoned.store(true, ordering: .releasing)
        waker.wake()
    }

    /// Makes the attempt, in the body of a reload of the reporter. To be called once.
    ///
    /// - Parameters:
    ///   - sockets: What the successor is to listen on, closed when it has it; nil is returned when the server stops.
    ///   - isSocketHeld: Whether somebody else holds them.
    ///   - again: Whether another attempt has been asked for meanwhile, which the successor is to make.
    package func run(
        sockets: @escaping @Sendable () throws -> ListenSockets?,
        isSocketHeld: Bool,
        again: @escaping @Sendable () -> Bool
    ) async -> Outcome {
        await withCheckedContinuation { continuation in
            do {
                try DetachedThread.start(named: "restart") { [self] in
                    continuation.resume(returning: attempt(sockets, isSocketHeld, again))
                }
            } catch {
                continuation.resume(returning: .failed(RestartError("no thread for a restart: \(error)")))
            }
        }
    }

    private func attempt(
        _ sockets: () throws -> ListenSockets?,
        _ isSocketHeld: Bool,
        _ again: () -> Bool
    ) -> Outcome {
        guard !isAbandoned.load(ordering: .acquiring) else { return .abandoned }
        do throws(RestartError) {
            let successor = try start(sockets, isSocketHeld)
            guard let successor else { return .abandoned }
            logger.info("restart: process \(successor.pid) starts: \(record.command.joined(separator: " "))")
            switch successor.waitUntilReady(within: limit, abandoned: waker.descriptor) {
            case .abandoned:
                end(successor)
                return .abandoned
            case .failed(let error):
                end(successor)
                throw error
            case .ready:
                break
            }
            switch reporter.handOver(to: successor.pid) {
            case .stopping:
                end(successor)
                return .abandoned
            case .failed(let reason):
                end(successor)
                throw RestartError(reason)
            case .done:
                break
            }
            waitForManager()
            successor.goOn(again: again())
            return .done(pid: successor.pid)
        } catch {
            return .failed(error)
        }
    }

    /// The sockets' duplicates are closed as soon as the successor has its own: nothing may keep a listen socket open that is
    /// served by nobody.
    private func start(
        _ sockets: () throws -> ListenSockets?,
        _ isSocketHeld: Bool
    ) throws(RestartError) -> Successor? {
        let duplicates: ListenSockets?
        do {
            duplicates = try sockets()
        } catch {
            throw RestartError("the listen sockets cannot be duplicated: \(error) (see LimitNOFILE= of the unit)")
        }
        guard let sockets = duplicates else { return nil }
        return try Successor.start(record, sockets: sockets, isSocketHeld: isSocketHeld)
    }

    private func end(_ successor: consuming Successor) {
        let pid = successor.pid
        guard !successor.end() else { return }
        logger.warning("restart: process \(pid) should have been ended, but is still there after KILL")
    }

    /// Until the manager knows the new main process, the end of this one would be that of the service.
    private func waitForManager() {
        var isMentioned = false
        while true {
            switch notifier.barrier(within: Self.barrierPatience) {
            case .sent, .nobodyToTell: return
            case .failed(.timedOut):
                guard !isAbandoned.load(ordering: .acquiring) else { return }
                if !isMentioned {
                    logger.warning("restart: the service manager has not read yet that it is done; waiting for it")
                }
                isMentioned = true
            case .failed(let errno):
                logger.warning("restart: whether the service manager knows of it cannot be told: \(errno)")
                return
            }
        }
    }
}
