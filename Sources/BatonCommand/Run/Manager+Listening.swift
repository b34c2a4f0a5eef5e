import Baton
import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What generations say, and what of it concerns the service as a whole.
extension Manager {
    func listen(to voice: Voice, _ number: Int) {
        // Whoever writes without an end must not keep everything else waiting: poll(2) comes back here.
        for _ in 0..<64 {
            guard let sender = voice.socket.nextSender() else { return }
            guard ProcessTree.isProcess(sender, partOf: voice.pid) else {
                voice.socket.discard()
                // A few are enough to see what is wrong.
                if voice.rejected.count < 8, voice.rejected.insert(sender).inserted {
                    say("process \(sender) is not of generation \(number), and is not heard")
                }
                continue
            }
            switch voice.socket.receive() {
            case .nothing: return
            case .unusable:
                say("generation \(number): a message to NOTIFY_SOCKET was too long or no text, and was ignored")
            case .message(let message): hear(message, number)
            }
        }
    }

    private func hear(_ message: GenerationSocket.Message, _ number: Int) {
        if message["BARRIER"] == "1" {
            // Everything before it has been heard: the other side sees its descriptor closed.
            message.descriptors.forEach { close($0) }
            return
        }
        tell(.spoke(generation: number))
        if let text = message["EXTEND_TIMEOUT_USEC"], let time = UInt64(text), time < 1 << 50 {
            tell(.extended(generation: number, by: .microseconds(Int64(time))))
        }
        // What a generation puts there is there for the next one, whichever that is.
        keep(message, number)
        if message["READY"] == "1" { tell(.ready(generation: number)) }
        guard number == spokesman else { return }

        var lines: [String] = []
        if let status = message["STATUS"] { lines.append("STATUS=\(status)") }
        // What the service manager would kill is this process, for a delay that is the generation's.
        if let time = message["EXTEND_TIMEOUT_USEC"], !hasBeenReady || supervision.isStopping {
            lines.append("EXTEND_TIMEOUT_USEC=\(time)")
        }
        switch message["WATCHDOG"] {
        case "1":
            watchdog.heard()
            lines.append("WATCHDOG=1")
        case "trigger": lines.append("WATCHDOG=trigger")
        default: break
        }
        if !lines.isEmpty { notifier.send(lines.joined(separator: "\n")) }
    }

    /// The generation whose state is that of the service: the one that serves, or has served until everything was to stop.
    private var spokesman: Int? {
        guard !supervision.isStopping else {
            let left = supervision.old.map(\.number)
            return lastServing.flatMap { left.contains($0) ? $0 : nil } ?? left.last
        }
        return supervision.current?.number ?? supervision.starting?.number
    }

    /// Takes it out of the service manager's store, too.
    func removeFromManager(_ name: String) {
        for kept in KeptName.all(for: name) where kept != GenerationRecord.name {
            notifier.send("FDSTOREREMOVE=1\nFDNAME=\(kept)")
        }
    }

    /// The store of descriptors: kept here for the next generation, and by the service manager for the next of this process.
    private func keep(_ message: GenerationSocket.Message, _ number: Int) {
        if message["FDSTOREREMOVE"] == "1", let name = message["FDNAME"] {
            store.remove(name)
            removeFromManager(name)
        }
        guard message["FDSTORE"] == "1" else { return message.descriptors.forEach { close($0) } }
        let name = message["FDNAME"].flatMap { DescriptorStore.isName($0) ? $0 : nil } ?? "stored"
        guard !bring(name, message.descriptors, of: number) else { return }
        let isWatched = message["FDPOLL"] != "0"
        var forwarded: [CInt] = []
        for descriptor in message.descriptors {
            let stored = StoredDescriptor(name: name, descriptor: descriptor, isWatched: isWatched)
            switch store.add(stored) {
            case .added(let duplicate): forwarded.append(duplicate)
            case .known: break
            case .noRoom:
                say(
                    "generation \(number): '\(name)' is not stored: \(DescriptorStore.most) descriptors are, which is the most"
                )
            }
        }
        guard !forwarded.isEmpty else { return }
        let kept = KeptName.forManager(name, isWatched: isWatched)
        notifier.send("FDSTORE=1\nFDNAME=\(kept)\(isWatched ? "" : "\nFDPOLL=0")", descriptors: forwarded)
    }
}
