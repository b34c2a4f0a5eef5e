/// Those processes of a unit that a restart leaves to their drain: the workers, their children, and whatever else its main
/// process has started.
struct DrainingProcesses: Equatable {
    /// In the order in which they were started.
    let entries: [ProcessEntry]
    /// The worker: of the main process's children the newest, or, if none is its child, the newest of all.
    let worker: ProcessEntry

    /// - Parameters:
    ///   - processes: All processes of the unit.
    ///   - main: Its main process, which stays.
    ///   - control: The process of the command that runs, which stays with all that it has started.
    /// Nil if there are none.
    init?(_ processes: [ProcessEntry], main: CInt, control: CInt) {
        let parents = Dictionary(processes.map { ($0.pid, $0.parent) }) { first, _ in first }
        func isControl(_ pid: CInt) -> Bool {
            var current = pid
            // As often as there are processes: numbers that are used again could make a circle.
            for _ in 0...processes.count {
                if current == control { return true }
                guard let parent = parents[current] else { return false }
                current = parent
            }
            return false
        }
        func isOlder(_ left: ProcessEntry, _ right: ProcessEntry) -> Bool {
            (left.start, left.pid) < (right.start, right.pid)
        }
        entries = processes.filter { $0.pid != main && !isControl($0.pid) }.sorted(by: isOlder)
        guard let worker = entries.last(where: { $0.parent == main }) ?? entries.last else { return nil }
        self.worker = worker
    }

    var pids: [CInt] { entries.map(\.pid) }

    /// `app 123, cat 124`; of many only the first.
    var text: String {
        let most = 8
        let named = entries.prefix(most).map { "\($0.name) \($0.pid)" }
        let rest = entries.count - named.count
        return (named + (rest > 0 ? ["\(rest) more"] : [])).joined(separator: ", ")
    }
}
