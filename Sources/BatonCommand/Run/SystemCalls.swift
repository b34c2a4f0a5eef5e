// System calls under other names, for where a method of the same name hides them.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

func systemClose(_ descriptor: CInt) -> CInt { close(descriptor) }
func systemConnect(_ descriptor: CInt, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> CInt {
    connect(descriptor, address, length)
}
func systemExit(_ status: CInt) -> Never { exit(status) }
func systemOpen(_ path: String, _ flags: CInt) -> CInt { open(path, flags) }
func systemPipe(_ ends: UnsafeMutablePointer<CInt>) -> CInt { pipe(ends) }
func systemRead(_ descriptor: CInt, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, bytes, count)
}
func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
