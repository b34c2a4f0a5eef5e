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
    /// The name libsystemd gives to descriptors that were passed without `LISTEN_FDNAMES`.
    public static let unknownName = "unknown"

    /// Takes what the service manager passed to this process, and clears `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`.
    ///
    /// Rests on `sd_listen_fds_with_names(3)`, which makes the descriptors close-on-exec. They can be taken once: a second
    /// call returns nothing. It changes the environment, so call it before other threads exist.
    ///
    /// - Returns: The sockets; empty if nothing was passed, or if it was meant for another process (`LISTEN_PID`).
    /// - Throws: ``ListenSocketError/Code/badEnvironment`` if the variables are malformed, or name descriptors that are not
    ///   open. The variables are cleared all the same.
    public static func takeInherited() throws(ListenSocketError) -> ListenSockets {
        let said = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"].compactMap { name in
            environmentValue(name).map { "\(name)=\($0)" }
        }
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        defer { free(names) }
        guard count >= 0 else {
            throw ListenSocketError.inherited(said.joined(separator: " "), errno: Errno(rawValue: -count))
        }

        var sockets = ListenSockets()
        for position in 0..<Int(count) {
            let name = names?[position].map { name in
                defer { free(name) }
                return String(cString: name)
            }
            sockets.append(owning: SD_LISTEN_FDS_START + CInt(position), name: name ?? unknownName)
        }
        return sockets
    }
}

extension ListenSocketError {
    fileprivate static func inherited(_ said: String, errno: Errno) -> ListenSocketError {
        let reason =
            switch errno {
            case .badFileDescriptor: "it promises more descriptors than are open from 3 on"
            case .invalidArgument: "it is malformed, or LISTEN_FDNAMES has not as many names as LISTEN_FDS says"
            default: "sd_listen_fds_with_names: \(errno)"
            }
        return ListenSocketError(
            .badEnvironment,
            "the service manager's sockets cannot be taken: \(said): \(reason); "
                + "start through the socket unit, or unset LISTEN_FDS to bind the configured address",
            errno: errno
        )
    }
}
