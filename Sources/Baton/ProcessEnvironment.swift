internal import CProcess

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What this process was started with, besides its arguments.
package enum ProcessEnvironment {
    /// All variables. To be read before other threads exist.
    package static var variables: [String: String] {
        var all: [String: String] = [:]
        var entry = cprocess_environment()
        while let text = entry?.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, !parts[0].isEmpty { all[String(parts[0])] = String(parts[1]) }
            entry = entry?.successor()
        }
        return all
    }

    /// The working directory by the name with which it was entered, which the shell keeps in `PWD`: a deployment may let that name
    /// mean another directory. The corresponding C function is `get_current_dir_name`.
    package static func workingDirectory(_ variables: [String: String]) -> String? {
        var (there, here) = (stat(), stat())
        if let named = variables["PWD"], named.hasPrefix("/"), stat(named, &there) == 0, stat(".", &here) == 0,
            there.st_ino == here.st_ino, there.st_dev == here.st_dev
        {
            return named
        }
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }
}
