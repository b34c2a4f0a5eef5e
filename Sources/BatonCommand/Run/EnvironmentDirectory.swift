#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A folder in the manner of daemontools' envdir: a file is a variable, and its first line the value.
enum EnvironmentDirectory {
    /// What is there now. A folder that is not there, and what cannot be read in it, counts as empty, as with Server::Starter.
    static func read(_ path: String) -> [String: String] {
        guard let folder = opendir(path) else { return [:] }
        defer { closedir(folder) }
        var variables: [String: String] = [:]
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix("."), !name.contains("=") else { continue }
            if let line = firstLine("\(path)/\(name)") { variables[name] = line }
        }
        return variables
    }

    private static func firstLine(_ path: String) -> String? {
        // A FIFO would keep us waiting.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 128 << 10)
        let count = systemRead(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }, as: UTF8.self)
    }
}
