import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The file of `--pid-file`: as long as its lock is held, nobody else may have it.
struct PidFile: ~Copyable {
    /// Why it could not be had.
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    private let path: String
    private let descriptor: CInt

    /// Locks the file.
    ///
    /// - Parameter patience: How long somebody else may hold it: who only looks whether this process runs has it for a moment.
    init(locking path: String, patience: Duration = .milliseconds(100)) throws(Refused) {
        let deadline = ContinuousClock.now + patience
        // Between open(2) and flock(2) the one before may have ended, and taken its file away: that lock would be nobody's.
        while true {
            let file = try Self(opening: path, until: deadline)
            if file.isInPlace {
                // The number of one that was killed may be that of any process now.
                ftruncate(file.descriptor, 0)
                self = file
                return
            }
        }
    }

    private init(opening path: String, until deadline: ContinuousClock.Instant) throws(Refused) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Refused(
                description:
                    "--pid-file \(path): open(2): \(Errno(rawValue: errno)); choose a place that can be written to"
            )
        }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let failure = errno
            if failure == EWOULDBLOCK, ContinuousClock.now < deadline {
                _ = poll(nil, 0, 5)
                continue
            }
            let holder = Self.read(descriptor).map { "process \($0)" } ?? "another process"
            close(descriptor)
            guard failure == EWOULDBLOCK else {
                throw Refused(description: "--pid-file \(path): flock(2): \(Errno(rawValue: failure))")
            }
            throw Refused(
                description:
                    "--pid-file \(path): \(holder) holds it and is running; restart that (baton restart), stop it "
                    + "(baton stop), or use another file"
            )
        }
        self.path = path
        self.descriptor = descriptor
    }

    /// Writes this process's number.
    borrowing func write() {
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        _ = text.utf8.withContiguousStorageIfAvailable { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    private var isInPlace: Bool {
        var (own, named) = (stat(), stat())
        return fstat(descriptor, &own) == 0 && stat(path, &named) == 0 && own.st_dev == named.st_dev
            && own.st_ino == named.st_ino
    }

    /// Takes the file away, too: whoever holds its lock is the one that it is about, and ends now or has not even begun.
    deinit {
        if isInPlace { unlink(path) }
        close(descriptor)
    }

    /// The number in a pid file, or nil where there is none.
    static func read(_ descriptor: CInt) -> pid_t? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let digits = bytes.prefix(count).prefix { (0x30...0x39).contains($0) }
        guard let pid = pid_t(String(decoding: digits, as: UTF8.self)), pid > 0 else { return nil }
        return pid
    }
}
