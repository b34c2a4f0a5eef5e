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
enum LogTarget {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    /// A file that is open.
    case file(CInt)
    /// A command that is not started yet.
    case command(String)

    /// Opens the file.
    init(_ text: String) throws(Refused) {
        let trimmed = text.drop { $0 == " " || $0 == "\t" }
        if trimmed.hasPrefix("|") {
            let command = String(trimmed.dropFirst().drop { $0 == " " || $0 == "\t" })
            guard !command.isEmpty else {
                throw Refused(description: "--log-file '|': there is no command behind the |")
            }
            self = .command(command)
        } else {
            let descriptor = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                throw Refused(
                    description:
                        "--log-file \(text): open(2): \(Errno(rawValue: errno)); choose a place that can be written to"
                )
            }
            self = .file(descriptor)
        }
    }

    /// Makes it standard output and standard error.
    ///
    /// - Parameter inBackground: Whether a command is to keep nothing of the terminal open, nor of whoever waits for the end of what
    ///   the process in the foreground writes.
    /// - Returns: The process of the command, a child of this one, if there is one.
    func redirect(inBackground: Bool) throws(Refused) -> CInt? {
        var pid: CInt?
        let descriptor: CInt
        switch self {
        case .file(let file): descriptor = file
        case .command(let command):
            let pipe = try Self.pipe(to: command, inBackground: inBackground)
            descriptor = pipe.descriptor
            pid = pipe.pid
        }
        dup2(descriptor, STDOUT_FILENO)
        dup2(descriptor, STDERR_FILENO)
        close(descriptor)
        return pid
    }

    private static func pipe(
        to command: String,
        inBackground: Bool
    ) throws(Refused) -> (descriptor: CInt, pid: CInt) {
        var ends: [CInt] = [-1, -1]
        guard systemPipe(&ends) == 0 else {
            throw Refused(description: "--log-file: pipe(2): \(Errno(rawValue: errno))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var shell = Program(command: ["/bin/sh", "-c", command], environment: ProcessEnvironment.variables)
        shell.descriptors = [(source: ends[0], target: STDIN_FILENO)]
        let nothing = inBackground ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1
        if nothing >= 0 {
            shell.descriptors += [(source: nothing, target: STDOUT_FILENO), (source: nothing, target: STDERR_FILENO)]
        }
        defer { if nothing >= 0 { close(nothing) } }
        do {
            let process = try shell.spawn()
            return (ends[1], process.pid)
        } catch {
            throw Refused(description: "--log-file '| \(command)': \(error)")
        }
    }
}
