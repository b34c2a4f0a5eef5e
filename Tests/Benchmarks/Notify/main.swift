// What ServiceNotifier.send costs against libsystemd's own sd_notify(3), on a socket that somebody reads.
//
// Both are called in turns, many calls a turn, so that a noisy machine meets both; the medians are compared.
import Glibc
import Systemd

/// The most that a call may cost, as a multiple of libsystemd's.
let target = 1.2
let (turns, calls) = (41, 2_000)

/// A socket that a thread of its own reads for as long as the process lives. Returns its address.
func openManager() -> String {
    let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    let address = "@baton-notify-cost-\(getpid())"
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    let bytes = [0] + Array(address.utf8.dropFirst())
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let result = withUnsafePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard result == 0 else { fail("no socket at \(address): \(String(cString: strerror(errno)))") }
    var thread = pthread_t()
    pthread_create(
        &thread,
        nil,
        { descriptor in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while recv(CInt(Int(bitPattern: descriptor)), &buffer, buffer.count, 0) > 0 {}
            return nil
        },
        UnsafeMutableRawPointer(bitPattern: Int(descriptor))
    )
    return address
}

func fail(_ message: String) -> Never {
    _ = "notify-cost: \(message)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(EXIT_FAILURE)
}

/// Microseconds a call.
func time(_ call: () -> Bool) -> Double {
    let start = ContinuousClock.now
    for _ in 0..<calls { guard call() else { fail("a call failed") } }
    return (.now - start) / .microseconds(calls)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func fixed(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}

typealias Notify = @convention(c) (CInt, UnsafePointer<CChar>) -> CInt
guard let symbol = dlsym(nil, "sd_notify") else { fail("built without libsystemd: there is nothing to compare with") }
let notify = unsafeBitCast(symbol, to: Notify.self)

let address = openManager()
setenv("NOTIFY_SOCKET", address, 1)
let notifier = ServiceNotifier.take()
// sd_notify(3) reads it at each call.
setenv("NOTIFY_SOCKET", address, 1)

let kinds: [(name: String, ours: () -> Bool, libsystemd: () -> Bool)] = [
    ("WATCHDOG=1", { notifier.send(.watchdogPing) == .sent }, { notify(0, "WATCHDOG=1") == 1 }),
    (
        "READY=1 and a STATUS=",
        {
            let status = try? ServiceNotification.ready.status("draining: 12 requests, 3 idle connections, 18 s left")
            return status.map { notifier.send($0) == .sent } ?? false
        },
        { notify(0, "READY=1\nSTATUS=draining: 12 requests, 3 idle connections, 18 s left") == 1 }
    ),
]
for kind in kinds {
    var (ours, theirs) = ([Double](), [Double]())
    for turn in 0...turns {
        let (our, their) = (time(kind.ours), time(kind.libsystemd))
        // The first turn warms up.
        if turn > 0 {
            ours.append(our)
            theirs.append(their)
        }
    }
    let ratio = median(ours) / median(theirs)
    print(
        "\(kind.name): ServiceNotifier.send \(fixed(median(ours))) µs, sd_notify \(fixed(median(theirs))) µs, "
            + "ratio \(fixed(ratio)), \(ratio <= target ? "meets" : "misses") the target of \(fixed(target))"
    )
}
