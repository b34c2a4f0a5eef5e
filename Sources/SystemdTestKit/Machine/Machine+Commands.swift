internal import Subprocess

/// How a command in the machine ended.
public struct CommandResult: Sendable, CustomStringConvertible {
    /// The exit status; 128 and the signal's number when a signal ended the command.
    public let status: Int
    /// What the command wrote to standard output.
    public let output: String
    /// What the command wrote to standard error.
    public let errors: String

    /// Everything, for the message of a failed expectation.
    public var description: String {
        "status \(status)\n\(output)\(errors)"
    }
}

extension Machine {
    private static let outputLimit = 64 << 20

    /// Runs a command in the machine and waits for its end.
    ///
    /// - Parameters:
    ///   - command: The program and its arguments.
    ///   - seconds: The time after which the command is killed.
    /// - Returns: How it ended, successful or not.
    /// - Throws: ``MachineError``, if it did not end in time.
    public func run(_ command: String..., seconds: Int = 60) async throws -> CommandResult {
        try await run(command, seconds: seconds)
    }

    /// Runs a command in the machine and waits for its end.
    ///
    /// - Parameters:
    ///   - command: The program and its arguments.
    ///   - seconds: The time after which the command is killed.
    /// - Returns: How it ended, successful or not.
    /// - Throws: ``MachineError``, if it did not end in time.
    public func run(_ command: [String], seconds: Int = 60) async throws -> CommandResult {
        try await run(command, joining: ["--all"], seconds: seconds)
    }

    /// Runs a program of the host in the machine's network: a client that the machine does not have. It waits for its end.
    ///
    /// - Parameters:
    ///   - command: The program and its arguments.
    ///   - seconds: The time after which the command is killed.
    /// - Returns: How it ended, successful or not.
    /// - Throws: ``MachineError``, if it did not end in time.
    public func runBeside(_ command: String..., seconds: Int = 60) async throws -> CommandResult {
        try await run(command, joining: ["--net"], seconds: seconds)
    }

    private func run(_ command: [String], joining namespaces: [String], seconds: Int) async throws -> CommandResult {
        // timeout(1) runs inside: a killed nsenter would leave its child behind.
        let arguments =
            ["--target", "\(leader)"] + namespaces + ["--", "/usr/bin/timeout", "--signal=KILL", "\(seconds)"] + command
        let start = ContinuousClock.now
        let result = try await Subprocess.run(
            .name("nsenter"),
            arguments: Arguments(arguments),
            environment: .custom([
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "HOME": "/root",
            ]),
            output: .string(limit: Self.outputLimit),
            error: .string(limit: Self.outputLimit)
        )
        if ContinuousClock.now - start >= .seconds(seconds) {
            throw MachineError("no end after \(seconds) s: \(command.joined(separator: " "))")
        }
        let status: Int =
            switch result.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        return CommandResult(status: status, output: result.standardOutput, errors: result.standardError)
    }

    /// Runs a command that must succeed, and returns what it wrote to standard output, without the last newline.
    @discardableResult
    public func check(_ command: String..., seconds: Int = 60) async throws -> String {
        let result = try await run(command, seconds: seconds)
        guard result.status == 0 else {
            throw MachineError("\(command.joined(separator: " ")): \(result)")
        }
        var output = result.output
        if output.hasSuffix("\n") { output.removeLast() }
        return output
    }
}
