internal import CSystemd
internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension ListenSockets {
    /// The first descriptor of those that the service manager passes: `SD_LISTEN_FDS_START`.
    package static let firstInherited = CInt(CSYSTEMD_LISTEN_FDS_START)

    /// The name libsystemd gives to descriptors that were passed without `LISTEN_FDNAMES`.
    public static let unknownName = "unknown"
    /// The name systemd gives to the connection of a unit with `Accept=yes`: on 252 in any case, on 257 and 262 only if the
    /// unit has no `FileDescriptorName=`.
    public static let connectionName = "connection"

    /// Takes what the service manager passed to this process, and clears `LISTEN_PID`, `LISTEN_FDS` and
    /// `LISTEN_FDNAMES`.
    ///
    /// Rests on `sd_listen_fds_with_names(3)`, which makes the descriptors close-on-exec. They can be taken once: a second
    /// call returns nothing. It changes the environment, so call it before other threads exist.
    ///
    /// - Returns: The sockets; empty if nothing was passed, or if it was meant for another process (`LISTEN_PID`).
    /// - Throws: ``ActivationError/Code/badEnvironment`` if the variables are malformed, or name descriptors that are not
    ///   open. The variables are cleared all the same.
    public static func takeInherited() throws(ActivationError) -> ListenSockets {
        let said = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"].compactMap { name in
            environmentValue(name).map { "\(name)=\($0)" }
        }
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = csystemd_listen_fds(&names)
        defer { free(names) }
        guard count >= 0 else {
            throw ActivationError.inherited(said.joined(separator: " "), errno: Errno(rawValue: -count))
        }

        var sockets = ListenSockets()
        for position in 0..<Int(count) {
            let name = names?[position].map { name in
                defer { free(name) }
                return String(cString: name)
            }
            sockets.append(owning: firstInherited + CInt(position), name: name ?? unknownName)
        }
        return sockets
    }
}

extension ActivationError {
    fileprivate static func inherited(_ said: String, errno: Errno) -> ActivationError {
        let reason =
            switch errno {
            case .badFileDescriptor: "it promises more descriptors than are open from 3 on"
            case .invalidArgument: "it is malformed, or LISTEN_FDNAMES has not as many names as LISTEN_FDS says"
            default: "sd_listen_fds_with_names: \(errno)"
            }
        return ActivationError(
            .badEnvironment,
            "the service manager's sockets cannot be taken: \(said): \(reason); "
                + "start through the socket unit, or unset LISTEN_FDS to bind the configured address",
            errno: errno
        )
    }
}
