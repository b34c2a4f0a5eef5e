#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One rollover of a template at a time: a lock on its file, which ends with the process.
struct RolloverLock {
    private let descriptor: CInt

    init(of pair: InstancePair) throws(RolloverRefused) {
        descriptor = open(pair.file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw RolloverRefused(description: "\(pair.file) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let failure = errno
            close(descriptor)
            throw RolloverRefused(
                description: failure == EWOULDBLOCK
                    ? "another rollover from \(pair.serving) is under way"
                    : "\(pair.file) cannot be locked: \(String(cString: strerror(failure)))"
            )
        }
    }

    func release() { close(descriptor) }
}
