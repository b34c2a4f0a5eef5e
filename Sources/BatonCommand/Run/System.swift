#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// System calls by their own names, where a method of the same name hides them.
enum System {
    static func close(_ descriptor: CInt) -> CInt { descriptorClose(descriptor) }
    static func connect(_ descriptor: CInt, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> CInt {
        socketConnect(descriptor, address, length)
    }
    static func exit(_ status: CInt) -> Never { processExit(status) }
    static func kill(_ pid: pid_t, _ signal: CInt) -> CInt { processKill(pid, signal) }
    static func open(_ path: String, _ flags: CInt) -> CInt { fileOpen(path, flags) }
    static func pipe(_ ends: UnsafeMutablePointer<CInt>) -> CInt { makePipe(ends) }
    static func poll(_ entries: UnsafeMutablePointer<pollfd>, _ count: nfds_t, _ milliseconds: CInt) -> CInt {
        waitPoll(entries, count, milliseconds)
    }
    static func read(_ descriptor: CInt, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        fileRead(descriptor, bytes, count)
    }
    static func write(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        fileWrite(descriptor, bytes, count)
    }
}

private func descriptorClose(_ descriptor: CInt) -> CInt { close(descriptor) }
private func socketConnect(_ descriptor: CInt, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> CInt {
    connect(descriptor, address, length)
}
private func processExit(_ status: CInt) -> Never { exit(status) }
private func processKill(_ pid: pid_t, _ signal: CInt) -> CInt { kill(pid, signal) }
private func fileOpen(_ path: String, _ flags: CInt) -> CInt { open(path, flags) }
private func makePipe(_ ends: UnsafeMutablePointer<CInt>) -> CInt { pipe(ends) }
private func waitPoll(_ entries: UnsafeMutablePointer<pollfd>, _ count: nfds_t, _ milliseconds: CInt) -> CInt {
    poll(entries, count, milliseconds)
}
private func fileRead(_ descriptor: CInt, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, bytes, count)
}
private func fileWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
