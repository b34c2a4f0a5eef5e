// Prints what ListenSockets.takeInherited() finds, for tests: the descriptors of a service manager start at 3, and in a
// process that runs tests others are there.
import Glibc
import Systemd

do {
    let sockets = try ListenSockets.takeInherited()
    for description in sockets.descriptions { print(description) }
    for descriptor in 0..<sockets.descriptions.count where fcntl(3 + CInt(descriptor), F_GETFD) & FD_CLOEXEC == 0 {
        print("\(3 + descriptor) leaks to children")
    }
    for variable in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] where getenv(variable) != nil {
        print("\(variable) is still there")
    }
    let isEmpty = try ListenSockets.takeInherited().isEmpty
    print(isEmpty ? "a second time: nothing" : "a second time: something")
} catch {
    print("\(error.code): \(error)")
    print(getenv("LISTEN_FDS") == nil ? "cleared" : "not cleared")
}
