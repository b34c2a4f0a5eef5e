#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file that the kernel makes up when it is read: those in `/proc` and `/sys/fs/cgroup`.
enum SmallFile {
    /// All of it, or the error number of `open(2)` or `read(2)`.
    static func read(_ path: String) throws(SmallFileError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SmallFileError(path: path, errno: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            var failure: CInt = 0
            let part = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                let result = systemRead(descriptor, buffer.baseAddress, buffer.count)
                if result < 0 { failure = errno }
                count = max(0, result)
            }
            if failure == EINTR { continue }
            guard failure == 0 else { throw SmallFileError(path: path, errno: failure) }
            if part.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += part
        }
    }

    /// The names of the folders in a folder; none if it is not there.
    static func folders(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// A file that could not be read.
struct SmallFileError: Error, CustomStringConvertible {
    let path: String
    let errno: CInt

    var description: String { "\(path) cannot be read: \(String(cString: strerror(errno)))" }
}
