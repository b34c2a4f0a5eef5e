import Baton
import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The target of `--log-file`: a file that is appended to, or `| COMMAND` that reads what is written.
struct LogTarget {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    /// What stands in for standard output and standard error.
    let descriptor: CInt
    /// The process of the command, if there is one.
    let pid: CInt?

    /// Opens it.
    init(_ text: String) throws(Refused) {
        let trimmed = text.drop { $0 == " " || $0 == "\t" }
        if trimmed.hasPrefix("|") {
            (descriptor, pid) = try Self.pipe(to: String(trimmed.dropFirst().drop { $0 == " " || $0 == "\t" }))
        } else {
            descriptor = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
            pid = nil
            guard descriptor >= 0 else {
                throw Refused(
                    description:
                        "--log-file \(text): open(2): \(Errno(rawValue: errno)); choose a place that can be written to"
                )
            }
        }
    }

    /// Makes it standard output and standard error.
    func redirect() {
        dup2(descriptor, STDOUT_FILENO)
        dup2(descriptor, STDERR_FILENO)
        close(descriptor)
    }

    private static func pipe(to command: String) throws(Refused) -> (CInt, CInt) {
        guard !command.isEmpty else { throw Refused(description: "--log-file '|': there is no command behind the |") }
        var ends: [CInt] = [-1, -1]
        guard systemPipe(&ends) == 0 else {
            throw Refused(description: "--log-file: pipe(2): \(Errno(rawValue: errno))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var shell = Program(command: ["/bin/sh", "-c", command], environment: ProcessEnvironment.variables)
        shell.descriptors = [(source: ends[0], target: STDIN_FILENO)]
        do {
            let process = try shell.spawn()
            close(ends[0])
            return (ends[1], process.pid)
        } catch {
            throw Refused(description: "--log-file '| \(command)': \(error)")
        }
    }
}
