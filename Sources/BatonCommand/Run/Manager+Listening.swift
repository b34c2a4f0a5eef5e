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
        while true {
            switch voice.socket.receive() {
            case .nothing: return
            case .unusable:
                say("generation \(number): a message to NOTIFY_SOCKET was too long or no text, and was ignored")
            case .message(let message):
                if ProcessTree.isProcess(message.sender, partOf: voice.pid) {
                    hear(message, number)
                } else {
                    message.descriptors.forEach { close($0) }
                    if voice.rejected.insert(message.sender).inserted {
                        say(
                            "process \(message.sender) is not of generation \(number), and is not heard: \(message.text)"
                        )
                    }
                }
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
        guard !supervision.isStopping else { return lastServing ?? supervision.generation }
        return supervision.current?.number ?? supervision.starting?.number
    }

    /// The store of descriptors: kept here for the next generation, and by the service manager for the next of this process.
    private func keep(_ message: GenerationSocket.Message, _ number: Int) {
        if message["FDSTOREREMOVE"] == "1", let name = message["FDNAME"] {
            store.remove(name)
            notifier.send("FDSTOREREMOVE=1\nFDNAME=\(name)")
        }
        guard message["FDSTORE"] == "1" else { return message.descriptors.forEach { close($0) } }
        let name = message["FDNAME"].flatMap { DescriptorStore.isName($0) ? $0 : nil } ?? "stored"
        let isWatched = message["FDPOLL"] != "0"
        var forwarded: [CInt] = []
        for descriptor in message.descriptors {
            let stored = StoredDescriptor(name: name, descriptor: descriptor, isWatched: isWatched)
            if let duplicate = store.add(stored) { forwarded.append(duplicate) }
        }
        if forwarded.count < message.descriptors.count {
            say(
                "generation \(number): '\(name)' is not stored: \(DescriptorStore.most) descriptors are, which is the most"
            )
        }
        guard !forwarded.isEmpty else { return }
        notifier.send("FDSTORE=1\nFDNAME=\(name)\(isWatched ? "" : "\nFDPOLL=0")", descriptors: forwarded)
    }
}

extension GenerationSocket.Message {
    /// In one line, for people.
    var text: String { assignments.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
}
