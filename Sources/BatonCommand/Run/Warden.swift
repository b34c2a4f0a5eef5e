import Baton
import CProcess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A small process that ends the workers if this one is killed: else nobody would, and they would keep the port.
///
/// Not needed under systemd, which ends all processes of a service whose main process is gone.
struct Warden: ~Copyable {
    /// What it calls itself, as `ps` has it: keep it in step with `warden.c`.
    static let name = "baton-warden"

    let pid: CInt
    private let descriptor: CInt

    /// - Parameter policy: What tells workers to end, and how long they have for it.
    /// - Returns: Nil where the system has no such thing.
    init?(_ policy: SupervisionPolicy) {
        var pid: pid_t = 0
        let milliseconds = policy.killTimeout.map { CInt(clamping: $0.milliseconds) } ?? -1
        descriptor = cprocess_warden(policy.signalOnTERM.number, milliseconds, &pid)
        guard descriptor >= 0 else { return nil }
        self.pid = pid
    }

    deinit {
        close(descriptor)
    }

    func watch(_ pid: CInt) { cprocess_tell_warden(descriptor, pid, true) }
    func forget(_ pid: CInt) { cprocess_tell_warden(descriptor, pid, false) }
}
