/// Processes of a service that a newer generation has replaced.
struct OldProcesses: Equatable {
    let entries: [ProcessEntry]
    /// When that generation was started, in clock ticks since boot: since then the others drain.
    let since: UInt64

    /// - Parameters:
    ///   - processes: All of the service.
    ///   - main: The main one.
    ///   - isSupervised: Whether that is a supervisor, and its children are the generations.
    init(_ processes: [ProcessEntry], main: ProcessEntry, isSupervised: Bool) {
        guard isSupervised else {
            // The main process is the generation that serves.
            entries = processes.filter { $0.pid != main.pid && $0.start < main.start }
            since = main.start
            return
        }
        // Those of the supervisor's own program are no workers: one of them sees to the end of the others.
        let workers = processes.filter { $0.parent == main.pid && $0.name != main.name }
        let newest = workers.max { ($0.start, $0.pid) < ($1.start, $1.pid) }
        entries = workers.filter { $0 != newest }
        since = newest?.start ?? main.start
    }
}
