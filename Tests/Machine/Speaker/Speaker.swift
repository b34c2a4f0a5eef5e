import Baton
import Glibc
import SystemPackage
import Systemd

/// What the words act on.
struct Speaker: ~Copyable {
    private let notifier: ServiceNotifier
    let store: FDStore
    var activation: Activation
    /// The connection that `accept` took.
    var connection: CInt = -1
    /// For which process the next notification is.
    private var pid: CInt?

    init(_ activation: consuming Activation) {
        notifier = activation.notifier
        store = activation.store
        self.activation = activation
    }

    /// A line for each thing that was passed, and one for the watchdog.
    borrowing func printPassed() {
        for passed in activation.sockets.descriptions {
            let address = passed.localAddress.map { " at \($0)" } ?? ""
            let peer = passed.peerAddress.map { " from \($0)" } ?? ""
            let listening = passed.isListening ? " listening" : ""
            say("passed \(passed.name)[\(passed.index)] \(passed.kind.rawValue)\(listening)\(address)\(peer)")
        }
        if let watchdog = activation.watchdog { say("watchdog \(watchdog.duration)") }
    }

    mutating func obey(_ word: Word) throws {
        switch word.name {
        case "barrier": say("barrier \(notifier.barrier(within: try word.duration()))")
        case "for": pid = try word.number()
        case "sleep": usleep(try word.number() as UInt32 * 1000)
        case "say": say(word.value)
        case "exit": exit(try word.number())
        case "hang": while true { pause() }
        case "wait":
            guard let signal = word.signal else { throw SpeakerError("\(word): TERM, HUP or USR1 is needed") }
            wait(for: signal)
        case "child": say("child: \(system(word.value))")
        case "put-pipe", "put-watched-pipe", "put-memory", "put-connection", "put-same", "remove", "read", "accept",
            "answer":
            try useStore(word)
        default:
            let outcome = notifier.send(try Self.notification(word), onBehalfOf: pid)
            if outcome != .sent { say("\(word) \(outcome)") }
        }
    }

    private func wait(for signal: CInt) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, signal)
        var received: CInt = 0
        sigwait(&signals, &received)
    }

    /// A message of one or more parts, as in `ready+errno=2`; the text of a status may have no `+` in it.
    private static func notification(_ word: Word) throws -> ServiceNotification {
        try word.description.split(separator: "+").map { Word(String($0)) }
            .reduce(ServiceNotification()) { try add($1, to: $0) }
    }

    private static func add(_ word: Word, to message: ServiceNotification) throws -> ServiceNotification {
        switch word.name {
        case "ready": .ready
        case "reloading": .reloading
        case "stopping": .stopping
        case "ping": .watchdogPing
        case "trigger": .watchdogTrigger
        case "status": try message.status(word.value)
        case "errno": try message.error(.init(rawValue: try word.number()))
        case "bus-error": try message.busError(word.value)
        case "varlink-error": try message.varlinkError(word.value)
        case "exit-status": message.exitStatus(try word.number())
        case "main-pid": try message.mainPID(try word.number())
        case "access": message.access(ServiceNotification.Access(rawValue: word.value) ?? .none)
        case "watchdog-timeout": try message.watchdogTimeout(try word.duration())
        case "extend": try message.extendTimeout(by: try word.duration())
        case "reset-restarts": message.resettingRestarts()
        default: throw SpeakerError("\(word): not a word that is known")
        }
    }
}
