import Baton
import CProcess
import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One run of a tool of systemd, for what it writes.
struct ToolRun {
    /// Why there is no answer of it.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// As of a shell: 128 and the signal's number, if one ended it.
    let status: CInt
    let output: String
    let errors: String

    /// What it wrote to standard error, in one line.
    var reason: String {
        let lines = errors.split(whereSeparator: \.isNewline)
        return lines.isEmpty ? "exit \(status)" : lines.joined(separator: "; ")
    }

    /// How long a run may take, if nothing else is told.
    static let patience = Duration.seconds(30)

    /// Runs it to its end, which is that of the process: what it leaves running is not waited for.
    ///
    /// Ctrl-C in a terminal does not reach it: what has been begun is not broken off half way.
    ///
    /// - Parameters:
    ///   - command: The program, which is looked up in `PATH`, and its arguments.
    ///   - variables: What to add to the environment.
    ///   - limit: How long it may take; then it is killed, and what it has started.
    static func run(
        _ command: [String],
        variables: [String: String] = [:],
        limit: Duration = patience
    ) throws(Failure) -> ToolRun {
        let name = command.first ?? ""
        // Nothing for people: no pager, no colours, no translation.
        let plain = ["LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0", "SYSTEMD_LOG_LEVEL": "info"]
        var environment = ProcessEnvironment.variables
        for (name, value) in plain.merging(variables, uniquingKeysWith: { $1 }) { environment[name] = value }
        var (output, errors): ([CInt], [CInt]) = ([-1, -1], [-1, -1])
        guard Self.pipe(&output) == 0, Self.pipe(&errors) == 0 else {
            throw Failure(description: "\(name): pipe(2): \(String(cString: strerror(errno)))")
        }
        let ends = [output[0], errors[0]]
        defer { for end in ends { close(end) } }
        var program = Program(command: command, environment: environment)
        program.hasOwnGroup = true
        program.descriptors = [(output[1], STDOUT_FILENO), (errors[1], STDERR_FILENO)]
        let process: SpawnedProcess
        do { process = try program.spawn() } catch {
            for end in [output[1], errors[1]] { close(end) }
            throw Failure(description: error.description)
        }
        // Ours, or there would be no end of file.
        for end in [output[1], errors[1]] { close(end) }
        let end = cprocess_watch(process.pid)
        defer { if end >= 0 { close(end) } }
        let texts = read(ends, end: end, until: .now + limit)
        if texts == nil { kill(-process.pid, SIGKILL) }
        var status: CInt = 0
        while waitpid(process.pid, &status, 0) == -1, errno == EINTR {}
        if case .failed(let error) = process.outcome() { throw Failure(description: error.description) }
        guard let texts else { throw Failure(description: "\(name) has not ended within \(limit)") }
        let signal = status & 0x7f
        return ToolRun(status: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: texts[0], errors: texts[1])
    }

    /// Close-on-exec: else a child that is started meanwhile would keep it open.
    private static func pipe(_ ends: inout [CInt]) -> CInt {
        guard systemPipe(&ends) == 0 else { return -1 }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return 0
    }

    /// All that has come from these pipes when they are closed, or the process has ended; nil if that is not in time.
    ///
    /// - Parameter end: Becomes readable when the process has ended; negative if there is no such descriptor.
    private static func read(_ pipes: [CInt], end: CInt, until deadline: ContinuousClock.Instant) -> [String]? {
        var bytes = pipes.map { _ in [UInt8]() }
        var entries = (pipes + [end]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 16384)
        var isRunning = true
        // More than pipes hold: what the process has left running may go on writing.
        var readsLeft = 64
        // poll(2) passes over negative numbers. Closing its output is not the end of a process, if that can be waited for.
        while entries.prefix(pipes.count).contains(where: { $0.fd >= 0 }) || isRunning && end >= 0 {
            let left = max(.zero, deadline - .now)
            let ready = poll(&entries, nfds_t(entries.count), isRunning ? CInt(clamping: left.milliseconds + 1) : 0)
            if ready < 0, errno == EINTR { continue }
            if isRunning {
                guard ready > 0, left > .zero else { return nil }
            } else {
                readsLeft -= 1
                if ready <= 0 || readsLeft == 0 { break }
            }
            if entries[pipes.count].revents != 0 {
                isRunning = false
                entries[pipes.count].fd = -1
            }
            for index in pipes.indices where entries[index].revents != 0 {
                let count = systemRead(entries[index].fd, &buffer, buffer.count)
                if count > 0 { bytes[index] += buffer.prefix(count) } else { entries[index].fd = -1 }
            }
        }
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }
}
