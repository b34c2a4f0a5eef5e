internal import CProcess
package import SystemPackage
internal import Systemd

/// A process that has been started, and what is known of whether it has become its program.
package struct SpawnedProcess: ~Copyable, Sendable {
    /// What has become of it.
    package enum Outcome: Sendable {
        /// Not known yet: ``SpawnedProcess/withDescriptor(_:)`` becomes readable.
        case unknown
        /// The program runs.
        case runs
        /// It could not be executed, and the process has ended.
        case failed(SpawnError)
    }

    /// Its number. Unless it is detached, it is this process's to be waited for.
    package let pid: CInt
    private let path: String
    private let directory: String?
    private let result: OwnedDescriptor

    init(pid: CInt, path: String, directory: String?, result: consuming OwnedDescriptor) {
        self.pid = pid
        self.path = path
        self.directory = directory
        self.result = result
    }

    /// Lends the descriptor that becomes readable when ``outcome()`` is known.
    package borrowing func withDescriptor<Result>(_ body: (CInt) -> Result) -> Result {
        result.withDescriptor(body)
    }

    /// What has become of it. Does not wait.
    package borrowing func outcome() -> Outcome {
        var failure: CInt = 0
        let stage = result.withDescriptor { cprocess_spawn_result($0, &failure) }
        let errno = Errno(rawValue: failure)
        switch stage {
        case cprocess_runs: return .runs
        case cprocess_unknown: return .unknown
        case cprocess_directory:
            let place = directory ?? "its working directory"
            return .failed(
                SpawnError(.directory, "'\(path)' cannot be started in \(place): chdir(2): \(errno)", errno: errno)
            )
        case cprocess_descriptors:
            return .failed(
                SpawnError(.process, "'\(path)' cannot be given its descriptors: dup2(2): \(errno)", errno: errno)
            )
        default:
            return .failed(SpawnError(.execute, "'\(path)' cannot be executed: \(errno)", errno: errno))
        }
    }
}

/// Why a program could not be started.
package struct SpawnError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What did not work.
    package enum Code: Sendable, Hashable {
        /// There was no process for it, or it could not be given its descriptors.
        case process
        /// Its working directory could not be entered.
        case directory
        /// It is not there, or no program.
        case execute
    }

    /// What did not work.
    package let code: Code
    /// What was wrong, with the path.
    package let description: String
    /// What the system said.
    package let errno: Errno

    init(_ code: Code, _ description: String, errno: Errno) {
        self.code = code
        self.description = description
        self.errno = errno
    }
}
