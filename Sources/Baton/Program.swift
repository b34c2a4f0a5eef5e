internal import CProcess
internal import SystemPackage
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A program to be started, with everything that it gets: arguments, environment, working directory, descriptors.
package struct Program: Sendable {
    /// The program's name or path, and its arguments. A name is looked up in the `PATH` of ``environment``, a relative path from
    /// ``directory`` on, at each start anew: a deployment may have moved a symbolic link.
    package var command: [String]
    /// The environment, by names.
    package var environment: [String: String]
    /// The variables whose value is the number of the new process.
    package var pidVariables: [String] = []
    /// The working directory; nil is this process's own.
    package var directory: String?
    /// Which descriptor becomes which. Of 0, 1 and 2 it has ours, if they are not among them; and no others.
    package var descriptors: [(source: CInt, target: CInt)] = []
    /// The signal that it gets when the thread that starts it ends, on Linux; 0 is none.
    package var orphanSignal: CInt = 0
    /// Whether it is the first of a process group of its own: what a terminal sends to this process's group is not for it.
    package var hasOwnGroup = false
    /// Whether it is nobody's child, but PID 1's or that of the next subreaper.
    package var isDetached = false

    /// - Parameters:
    ///   - command: The program's name or path, and its arguments.
    ///   - environment: The environment, by names.
    package init(command: [String], environment: [String: String]) {
        self.command = command
        self.environment = environment
    }

    /// Starts it. Safe in a process with many threads; all signals are for it as after login.
    ///
    /// - Returns: The process, of which it is not known yet whether the program could be executed.
    /// - Throws: ``SpawnError`` if there is no new process.
    package func spawn() throws(SpawnError) -> SpawnedProcess {
        guard let path = command.first, !path.isEmpty else {
            throw SpawnError(.execute, "there is no program to start: its name is empty", errno: .noSuchFileOrDirectory)
        }
        let strings = CStrings(command)
        let variables = CStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        let pidVariables = CStrings(pidVariables)
        let directory = CStrings([self.directory ?? ""])
        var (pid, result): (pid_t, CInt) = (0, -1)
        let failure = withUnsafePointers { sources, targets in
            var program = cprocess_program()
            program.path = UnsafePointer(strings.pointer[0])
            program.arguments = UnsafePointer(strings.pointer)
            program.environment = UnsafePointer(variables.pointer)
            program.pid_variables = UnsafeRawPointer(pidVariables.pointer)
                .assumingMemoryBound(to: UnsafePointer<CChar>?.self)
            program.directory = self.directory == nil ? nil : UnsafePointer(directory.pointer[0])
            program.sources = sources
            program.targets = targets
            program.count = UInt32(descriptors.count)
            program.orphan_signal = orphanSignal
            program.own_group = hasOwnGroup
            program.detached = isDetached
            return cprocess_spawn(&program, &pid, &result)
        }
        guard failure == 0 else {
            let errno = Errno(rawValue: -failure)
            throw SpawnError(.process, "no process for '\(path)': fork(2): \(errno)", errno: errno)
        }
        return SpawnedProcess(pid: pid, path: path, directory: self.directory, result: OwnedDescriptor(result))
    }

    private func withUnsafePointers<Result>(
        _ body: (UnsafePointer<CInt>?, UnsafePointer<CInt>?) -> Result
    ) -> Result {
        descriptors.map(\.source).withUnsafeBufferPointer { sources in
            descriptors.map(\.target).withUnsafeBufferPointer { targets in
                body(sources.baseAddress, targets.baseAddress)
            }
        }
    }
}

/// A NULL-terminated array of C strings, which it owns.
private final class CStrings {
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointer = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { (pointer + index).initialize(to: strdup(string)) }
        (pointer + count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { free(pointer[index]) }
        pointer.deallocate()
    }
}
