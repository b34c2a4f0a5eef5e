import Glibc

/// A program that runs beside this one, ended and waited for when it goes out of scope.
struct Child: ~Copyable {
    private let pid: pid_t

    /// Starts a program whose standard output is discarded.
    ///
    /// - Parameters:
    ///   - environment: Added to this process's.
    ///   - listener: A socket that becomes the child's descriptor 3; the caller closes its own.
    ///   - errors: A descriptor for the child's standard error; nil discards it.
    init(_ arguments: [String], environment: [String: String] = [:], listener: CInt? = nil, errors: CInt? = nil) throws
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        if let errors {
            posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        }
        if let listener { posix_spawn_file_actions_adddup2(&actions, listener, 3) }

        var variables = environment.map { "\($0.key)=\($0.value)" }
        variables.append("PATH=/usr/sbin:/usr/bin:/sbin:/bin")
        let argv = arguments.map { strdup($0) } + [nil]
        let envp = variables.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid = pid_t()
        let result = posix_spawnp(&pid, arguments[0], &actions, nil, argv, envp)
        guard result == 0 else {
            throw BenchmarkError(description: "\(arguments[0]) cannot be started: \(String(cString: strerror(result)))")
        }
        self.pid = pid
    }

    deinit {
        kill(pid, SIGTERM)
        waitpid(pid, nil, 0)
    }

    /// Waits for the program to end by itself; returns what it has used.
    consuming func end(signal: CInt? = nil) -> rusage {
        if let signal { kill(pid, signal) }
        var usage = rusage()
        wait4(pid, nil, 0, &usage)
        discard self
        return usage
    }
}
