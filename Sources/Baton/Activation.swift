public import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What this process was started with: its listen sockets, and what the service manager wants to hear of it.
///
/// Take it first thing in `main`, before other threads exist: it clears the variables that passed all this, so that
/// no child inherits them, and the environment can be changed safely only then.
///
/// The sockets come from the first of these that applies, never from two: systemd (`LISTEN_FDS` for this very process);
/// a predecessor of the same program, which restarts itself; `start_server` (`SERVER_STARTER_PORT`); else the addresses in the configuration are bound.
public struct Activation: ~Copyable, Sendable {
    /// Who opened the sockets.
    public enum Origin: String, Sendable, CustomStringConvertible {
        /// A service manager, through `LISTEN_FDS`.
        case serviceManager = "from systemd"
        /// A supervisor, through `SERVER_STARTER_PORT`: `baton run`, Perl's Server::Starter, or a work-alike.
        case serverStarter = "from a supervisor"
        /// An earlier process of the same program, which has started this one to take its place.
        case predecessor = "from the predecessor"
        /// This process.
        case bound = "bound by this process"

        /// The origin, for a log line: `from systemd`.
        public var description: String { rawValue }
    }

    /// Who opened the sockets.
    public let origin: Origin
    /// Whom to tell that this process is ready, and that it stops.
    public let notifier: ServiceNotifier
    /// How often the service manager wants to hear that all is well, or nil if it does not (`WatchdogSec=`).
    public let watchdog: WatchdogTimeout?
    /// Where descriptors outlive this process (`FileDescriptorStoreMax=`). What an earlier generation has put there is among
    /// the ``sockets``, by its name.
    public let store: FDStore
    /// The sockets that have not been claimed.
    public private(set) var sockets: ListenSockets
    /// What carries the connections of earlier generations, by the names of ``CarrierName``.
    private var carriers: ListenSockets
    /// How this process was started.
    package let start: StartRecord
    /// The process whose place this one is to take, if there is one.
    package let predecessor: Predecessor?
    /// Whether the service manager is `baton run`, which brings connections to the generation that serves then.
    package let isManaged: Bool
    /// What `start_server` passed although a service manager passed sockets too.
    private var strays = ListenSockets()

    package init(
        origin: Origin,
        notifier: ServiceNotifier,
        watchdog: WatchdogTimeout? = nil,
        start: StartRecord = .read(),
        predecessor: Predecessor? = nil,
        isManaged: Bool = false,
        sockets: consuming ListenSockets,
        carriers: consuming ListenSockets = ListenSockets()
    ) {
        self.origin = origin
        self.notifier = notifier
        self.watchdog = watchdog
        // What this process has bound is in no store yet, and may be put there by its name.
        let passed = (origin == .bound ? [] : sockets.descriptions) + carriers.descriptions
        self.store = FDStore.take(notifier: notifier, inherited: passed.map(\.name))
        self.carriers = carriers
        self.sockets = sockets
        self.start = start
        self.predecessor = predecessor
        self.isManaged = isManaged && notifier.isConnected
        if self.isManaged { store.expectPromptRefusals() }
    }

    /// Whether somebody else than this process, and its predecessors, holds the sockets: what waits in a backlog when this
    /// process ends waits on.
    package var isSocketHeld: Bool { predecessor?.isSocketHeld ?? (origin != .bound) }

    /// Whether there is a service manager in whose store connections may be left to the process that follows.
    package var canHandOver: Bool { notifier.isConnected && origin != .serverStarter && !isManaged }

    /// Takes the sockets this process was started with, or opens its own.
    ///
    /// - Parameters:
    ///   - addresses: Where to listen if nobody passed a socket.
    ///   - name: The name the sockets opened here go by, as `FileDescriptorName=` names those of a socket unit.
    /// - Returns: The sockets and their origin.
    /// - Throws: `ActivationError` if what was passed is malformed, or an address cannot be listened on.
    public static func take(
        elseBind addresses: [ListenAddress],
        named name: String = "http"
    ) throws(ActivationError) -> Activation {
        try take(elseBind: [name: addresses])
    }

    /// Takes the sockets this process was started with, or opens its own, of several names.
    ///
    /// - Parameter addresses: Where to listen if nobody passed a socket, by the name the sockets opened there go by.
    /// - Returns: The sockets and their origin.
    /// - Throws: `ActivationError` if what was passed is malformed, or an address cannot be listened on.
    public static func take(
        elseBind addresses: KeyValuePairs<String, [ListenAddress]>
    ) throws(ActivationError) -> Activation {
        let start = StartRecord.read()
        let predecessor = try Predecessor.take()
        let notifier = ServiceNotifier.take()
        let isManaged = OwnManager.take()
        let watchdog = try WatchdogTimeout.take()
        var inherited = try ListenSockets.takeInherited()
        let count = CInt(inherited.descriptions.count)
        let carriers = inherited.takeCarriers()
        if !inherited.isEmpty {
            let passed = ListenSockets.firstInherited..<ListenSockets.firstInherited + count
            let isSupervised = isManaged || ServerStarter.names(only: passed)
            var activation = Activation(
                origin: predecessor == nil ? (isSupervised ? .serverStarter : .serviceManager) : .predecessor,
                notifier: notifier,
                watchdog: watchdog,
                start: start,
                predecessor: predecessor,
                isManaged: isManaged,
                sockets: inherited,
                carriers: carriers
            )
            // Left from further up; malformed or not, they are not what this process was started with.
            if let strays = try? ServerStarter.take(besides: passed) { activation.strays = strays }
            return activation
        }
        if var started = try ServerStarter.take(), !started.isEmpty {
            let carriers = started.takeCarriers()
            return Activation(
                // Without libsystemd, a predecessor's sockets come this way.
                origin: predecessor == nil ? .serverStarter : .predecessor,
                notifier: notifier,
                watchdog: watchdog,
                start: start,
                predecessor: predecessor,
                isManaged: isManaged,
                sockets: started,
                carriers: carriers
            )
        }
        var bound = ListenSockets()
        for (name, addresses) in addresses {
            for address in addresses { bound.append(owning: try address.listen(), name: name) }
        }
        return Activation(
            origin: .bound,
            notifier: notifier,
            watchdog: watchdog,
            start: start,
            isManaged: isManaged,
            sockets: bound,
            carriers: carriers
        )
    }

    /// Takes one socket for a use of the program's own.
    ///
    /// - Parameters:
    ///   - name: `FileDescriptorName=` of the socket unit.
    ///   - index: The position among the sockets of that name, from 0.
    /// - Returns: The socket, which is the caller's now.
    /// - Throws: `ActivationError.Code.missing`, listing what there is.
    public mutating func take(_ name: String, index: Int) throws(ActivationError) -> ListenSocket {
        try sockets.take(name, index: index)
    }

    /// Takes out what carries the connections of earlier generations to the server of that name.
    package mutating func takeCarriers(for name: String) -> [CarrierReader] {
        var taken = carriers.takeAll { CarrierName($0.name)?.server == name }
        var readers: [CarrierReader] = []
        while let socket = taken.popFirst() {
            let name = socket.description.name
            readers.append(CarrierReader(OwnedDescriptor(socket.release()), name: name))
        }
        return readers
    }

    /// Claims the sockets of one name and closes all others.
    ///
    /// `start_server` and `baton run` name sockets by port or path, and some launchers pass them without names (`unknown` to
    /// libsystemd): then, if none has that name, all that take connections are meant. Under `Accept=yes` systemd passes one connection, always named `connection`: it is meant,
    /// whatever the name.
    ///
    /// - Parameters:
    ///   - name: `FileDescriptorName=` of the socket units.
    ///   - others: More such names.
    ///   - unclaimed: Told of each socket that nobody claimed, before it is closed: connections made to it would wait
    ///     for ever in this process while its holder believes that they are served.
    /// - Returns: At least one socket; they are the caller's now.
    /// - Throws: `ActivationError.Code.missing`, listing what there is.
    public consuming func claim(
        _ name: String,
        and others: [String] = [],
        unclaimed: (ListenSocket.Description) -> Void
    ) throws(ActivationError) -> ListenSockets {
        let isNameless =
            (origin == .serverStarter || sockets.descriptions.allSatisfy { $0.name == ListenSockets.unknownName })
            && !sockets.descriptions.contains { $0.name == name }
        let claimed: ListenSockets
        let connection = sockets.takeAll { $0.isConnection && $0.name == ListenSockets.connectionName }
        if !connection.isEmpty {
            claimed = connection
        } else if isNameless {
            // What is asked for beside the first must be told from it.
            for name in others where !sockets.descriptions.contains(where: { $0.name == name }) {
                _ = try sockets.takeAll(name)
            }
            claimed = sockets.takeAllNameless()
        } else {
            claimed = try sockets.takeAll([name] + others)
        }
        guard !claimed.isEmpty else {
            throw ActivationError(
                .missing,
                "there is nothing to listen on: no socket was passed and no address is configured"
            )
        }
        for description in sockets.descriptions + carriers.descriptions + strays.descriptions { unclaimed(description) }
        // Closed, so that clients notice: they would wait for ever in the store for somebody who serves them.
        for description in carriers.descriptions {
            if let name = try? StoredName(description.name) { try? store.remove(name) }
        }
        return claimed
    }
}

extension ListenSockets {
    /// Those that carry connections of earlier generations.
    fileprivate mutating func takeCarriers() -> ListenSockets {
        takeAll { $0.kind == .sequentialPacket && CarrierName($0.name) != nil }
    }

    /// Those of several names, each of which must be there, keeping their order.
    fileprivate mutating func takeAll(_ names: [String]) throws(ActivationError) -> ListenSockets {
        for name in names where !descriptions.contains(where: { $0.name == name }) { return try takeAll(name) }
        return takeAll { names.contains($0.name) }
    }

    /// Those that take connections; all, if none does, for the sake of the message about them.
    fileprivate mutating func takeAllNameless() -> ListenSockets {
        let listening = takeAll { $0.kind == .stream && $0.isListening }
        return listening.isEmpty ? takeAll { _ in true } : listening
    }
}
