internal import CProcess
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The contract of Perl's Server::Starter: `SERVER_STARTER_PORT` is `NAME=FD` joined by `;`.
///
/// NAME is the port, `host:port` or path as `start_server` was given it; FD is any number.
enum ServerStarter {
    static let variable = "SERVER_STARTER_PORT"
    static let generationVariable = "SERVER_STARTER_GENERATION"

    /// Takes the sockets that `start_server` passed, under their NAMEs, and clears its variables.
    ///
    /// - Parameter passed: Descriptors that this process has in another way, too, and that stay with their owner: `baton run`
    ///   passes the same ones in both ways.
    /// - Returns: The sockets, close-on-exec; empty if `start_server` has no port; nil if this process is not its child.
    /// - Throws: ``ActivationError/Code/badEnvironment``. The variables are cleared all the same.
    static func take(besides passed: Range<CInt> = 0..<0) throws(ActivationError) -> ListenSockets? {
        guard let value = environmentValue(variable) else { return nil }
        unsetenv(variable)
        unsetenv(generationVariable)

        var sockets = ListenSockets()
        for (name, descriptor) in try parse(value) where !passed.contains(descriptor) {
            // A socket that was passed has a number of the program's choice, too (`--port 8080=7`).
            if passed.contains(where: { cprocess_same_file($0, descriptor) }) {
                // Standard input and its like stay what they are.
                if descriptor > STDERR_FILENO { close(descriptor) }
                continue
            }
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
                throw malformed(value, "descriptor \(descriptor) of '\(name)' is not open")
            }
            sockets.append(owning: descriptor, name: name)
        }
        return sockets
    }

    /// Whether the variable is set and names these descriptors, and no others: both are of one manager then.
    static func names(only passed: Range<CInt>) -> Bool {
        guard let value = environmentValue(variable), let entries = try? parse(value), !entries.isEmpty else {
            return false
        }
        return entries.allSatisfy { passed.contains($0.descriptor) }
    }

    static func parse(_ value: String) throws(ActivationError) -> [(name: String, descriptor: CInt)] {
        guard !value.isEmpty else { return [] }
        var entries: [(name: String, descriptor: CInt)] = []
        for entry in value.split(separator: ";", omittingEmptySubsequences: false) {
            guard !entry.isEmpty else { throw malformed(value, "an entry is empty") }
            // A path may contain '=', a number may not: the last one separates.
            guard let separator = entry.lastIndex(of: "=") else {
                throw malformed(value, "'\(entry)' has no '=' and descriptor")
            }
            let name = String(entry[..<separator])
            let number = entry[entry.index(after: separator)...]
            guard !name.isEmpty else { throw malformed(value, "'\(entry)' has no port or path before its '='") }
            guard !number.isEmpty, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw malformed(value, "'\(number)' of '\(name)' is not a descriptor number")
            }
            guard let descriptor = CInt(number) else {
                throw malformed(value, "descriptor '\(number)' of '\(name)' is too large")
            }
            if let other = entries.first(where: { $0.descriptor == descriptor }) {
                throw malformed(value, "descriptor \(descriptor) is given to both '\(other.name)' and '\(name)'")
            }
            entries.append((name, descriptor))
        }
        return entries
    }

    private static func malformed(_ value: String, _ reason: String) -> ActivationError {
        ActivationError(
            .badEnvironment,
            "\(variable)='\(value)': \(reason); it is NAME=FD joined by ';', as start_server sets it, "
                + "or must be unset to bind the configured address"
        )
    }
}
