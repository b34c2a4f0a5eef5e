import Glibc

/// Ends this process, a test's own, with a failure unless `condition` holds.
func demand(_ condition: Bool, _ message: String, line: Int = #line) {
    guard !condition else { return }
    _ = "line \(line): \(message)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(EXIT_FAILURE)
}

/// Ends this process, a test's own, with a failure unless both are the same.
func demandEqual<Value: Equatable>(_ found: Value, _ expected: Value, line: Int = #line) {
    demand(found == expected, "\(found), not \(expected)", line: line)
}

/// How many descriptors this process has open. A few more or less are the testing library's.
func openDescriptors() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return -1 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
}

/// Ends this process, a test's own, with a failure if there are more descriptors than `before` by about one a round.
func demandNothingLeftOpen(since before: Int, rounds: Int, line: Int = #line) {
    // What other threads are about to close.
    for _ in 0..<1000 where openDescriptors() > before { usleep(1000) }
    let more = openDescriptors() - before
    demand(more < rounds / 4, "\(more) more are open after \(rounds) rounds", line: line)
}
