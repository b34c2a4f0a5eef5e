import Foundation
import Glibc
import Synchronization

/// A service manager with a store of descriptors, as small as will do: what systemd's `service_add_fd_store` does.
final class StoreManager: Sendable {
    /// What it does with the store's messages.
    struct Behaviour: Sendable {
        /// `FileDescriptorStoreMax=`.
        var most = 100
        /// How long it takes to close what it refuses: systemd from 254 on leaves that to a process of its own.
        var closingDelay = Duration.zero
        /// Whether it reads at all.
        var reads = true
    }

    private struct State {
        var stored: [(name: String, descriptor: CInt)] = []
        var log: [String] = []
        var isOver = false
    }

    private let socket = ManagerSocket()
    private let behaviour: Behaviour
    private let state = Mutex(State())

    init(_ behaviour: Behaviour = Behaviour()) {
        self.behaviour = behaviour
        if !behaviour.reads {
            socket.fill()
            return
        }
        Thread.detachNewThread { [self] in
            while !state.withLock({ $0.isOver }) {
                if let message = socket.receive(milliseconds: 100) { handle(message) }
            }
        }
    }

    var address: String { socket.address }
    /// The names in the store, sorted.
    var names: [String] { state.withLock { $0.stored.map(\.name).sorted() } }
    /// All messages so far, line ends as blanks.
    var log: [String] { state.withLock { $0.log } }
    /// The descriptors of a name.
    func stored(_ name: String) -> [CInt] {
        state.withLock { $0.stored.filter { $0.name == name }.map(\.descriptor) }
    }

    /// Ends the thread.
    func end() { state.withLock { $0.isOver = true } }

    private func handle(_ message: ManagerSocket.Message) {
        let lines = message.text.split(separator: "\n").map(String.init)
        let name = lines.first { $0.hasPrefix("FDNAME=") }.map { String($0.dropFirst(7)) } ?? "stored"
        let refused: [CInt] = state.withLock { state in
            state.log.append(lines.joined(separator: " "))
            if lines.contains("FDSTORE=1") {
                let kept = message.descriptors.prefix(max(0, behaviour.most - state.stored.count))
                state.stored += kept.map { (name, $0) }
                return Array(message.descriptors.dropFirst(kept.count))
            }
            if lines.contains("FDSTOREREMOVE=1") {
                for entry in state.stored where entry.name == name { close(entry.descriptor) }
                state.stored.removeAll { $0.name == name }
            }
            return message.descriptors
        }
        if behaviour.closingDelay == .zero || lines.contains("BARRIER=1") {
            for descriptor in refused { close(descriptor) }
        } else {
            Thread.detachNewThread { [behaviour] in
                usleep(UInt32(behaviour.closingDelay / .microseconds(1)))
                for descriptor in refused { close(descriptor) }
            }
        }
    }
}
