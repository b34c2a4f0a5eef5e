package import Baton
package import Logging
internal import SystemPackage
package import Systemd

/// How connections come to a server from the generation before it, and go from it to the one after it. Thread-safe.
package final class Succession: Sendable {
    /// The carriers of earlier generations.
    package let carriers: [CarrierReader]
    /// Where the manager brings further ones.
    package let inbox: CarrierInbox?

    private let server: String
    private let store: FDStore
    /// Whether the manager brings what it is given to the generation that serves.
    private let isManaged: Bool
    private let logger: Logger
    /// Leads to the process that this one has started as its successor.
    private let direct = Locked<Carrier?>(nil)
    /// Leads to the generation that serves, as has been found out before the drain.
    private let early = Locked<Carrier?>(nil)

    /// - Parameters:
    ///   - server: The name of the server's listen sockets.
    ///   - carriers: What was passed to this process for it.
    ///   - store: Where carriers outlive the process.
    ///   - isManaged: Whether the manager brings what it is given to the generation that serves.
    ///   - logger: Where it is said what does not work.
    package init(server: String, carriers: [CarrierReader], store: FDStore, isManaged: Bool = false, logger: Logger) {
        self.server = server
        self.carriers = carriers
        self.store = store
        self.isManaged = isManaged
        self.logger = logger
        guard isManaged else {
            inbox = nil
            return
        }
        do {
            inbox = try CarrierInbox(server: server)
        } catch {
            inbox = nil
            logger.warning("no connections will be taken over: no sockets for it: \(error)")
        }
    }

    /// Tells the manager where to bring carriers. To be called before it is told that this process is ready, which makes it the one that
    /// serves.
    package func openInbox() {
        guard let descriptor = inbox?.giveAway() else { return }
        let outcome = store.entrust(OwnedDescriptor(descriptor), as: CarrierInbox.name)
        if case .failed(let errno) = outcome {
            logger.warning("no connections will be taken over: the manager could not be told where to: \(errno)")
        }
    }

    /// Makes a carrier for a process that is about to be started as the successor.
    ///
    /// - Returns: The end that it is to be passed, and by what name; nil if there is none, and connections are drained.
    package func openDirect() -> (descriptor: CInt, name: String)? {
        do {
            let pair = try Carrier.make()
            direct.withLock { $0 = pair.carrier }
            return (pair.giveAway().release(), CarrierName.direct(server: server).description)
        } catch {
            direct.withLock { $0 = nil }
            logger.warning("connections will not be handed over: no carrier: \(error)")
            return nil
        }
    }

    /// Finds out, on a thread of its own, whether the service manager keeps what it is given, so that this takes no time later.
    func tryStore() {
        // Without the thread, it takes that time.
        try? DetachedThread.start(named: "store") { [store] in store.tryOut() }
    }

    /// Where the connections are to go, if anywhere; it may take as long as the service manager does.
    ///
    /// - Parameter reason: Why the server stops.
    /// - Returns: The carrier, and whether somebody takes them out of it already.
    func carrier(for reason: StopReason) -> (Carrier, isEmptied: Bool)? {
        switch reason {
        case .handedOver: direct.withLock { $0 }.map { ($0, true) }
        case .restarting: storedCarrier().map { ($0, isManaged) }
        // Whether another generation serves, and which one, the manager knows.
        case .requested: isManaged ? (early.withLock { $0 } ?? storedCarrier()).map { ($0, true) } : nil
        case .idle, .connectionsEnded, .cancelled: nil
        }
    }

    /// Whether another generation serves already. Only the manager knows: it brings a carrier to that one, or refuses it. What it has
    /// brought is for the drain that follows.
    func isSucceeded() async -> Bool {
        guard isManaged else { return false }
        return await withCheckedContinuation { continuation in
            do {
                // It waits for the manager.
                try DetachedThread.start(named: "succession") { [self] in
                    let carrier = storedCarrier(mayBeAlone: true)
                    early.withLock { $0 = carrier }
                    continuation.resume(returning: carrier != nil)
                }
            } catch {
                logger.warning("no thread to ask the manager whether another generation serves: \(error)")
                continuation.resume(returning: false)
            }
        }
    }

    /// Finds another carrier when the one before takes no more; nil if there cannot be one. It may take as long as the manager does.
    ///
    /// - Parameter reason: Why the server stops.
    func next(for reason: StopReason) -> (@Sendable () -> Carrier?)? {
        guard isManaged || reason == .restarting else { return nil }
        return { [self] in storedCarrier() }
    }

    /// A carrier holds nothing any more.
    func emptied(_ name: String) {
        guard CarrierName(name)?.isDirect == false, let stored = try? StoredName(name) else { return }
        do {
            try store.remove(stored)
        } catch {
            logger.warning("'\(name)' stays in the service manager's store: \(error)")
        }
    }

    /// - Parameter mayBeAlone: Not worth a word, if there is no other generation.
    private func storedCarrier(mayBeAlone: Bool = false) -> Carrier? {
        do {
            let name = CarrierName.stored(server: server, namesInUse: store.namesInUse)
            let pair = try Carrier.make()
            let carrier = pair.carrier
            let stored = try StoredName(name.description)
            let reader = pair.giveAway()
            let peer = carrier.withDescriptor { $0 }
            try store.give(reader, as: stored, peer: peer)
            return carrier
        } catch let error as FDStoreError where error.code == .refused && isManaged {
            if !mayBeAlone {
                logger.info("connections are not handed over: there is no other generation that takes them")
            }
            return nil
        } catch {
            logger.info("connections are not handed over: \(error)")
            return nil
        }
    }
}
