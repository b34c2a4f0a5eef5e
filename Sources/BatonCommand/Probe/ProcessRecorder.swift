/// Which processes answered, in order of their first answer.
struct ProcessRecorder: Sendable {
    struct Process: Equatable, Sendable {
        var pid: Int
        var responses: Int
        var firstSeen: Duration
        var lastSeen: Duration
    }

    /// A server that invents a pid with each response must not fill the memory.
    static let limit = 10_000

    private(set) var inOrder: [Process] = []
    /// Which answered last.
    private(set) var last: Int?
    private var index: [Int: Int] = [:]

    /// Where it stands in the order.
    func index(of pid: Int) -> Int? { index[pid] }

    func firstSeen(_ pid: Int) -> Duration? { index[pid].map { inOrder[$0].firstSeen } }

    mutating func record(_ pid: Int, at time: Duration) {
        last = pid
        if let known = index[pid] {
            inOrder[known].responses += 1
            inOrder[known].lastSeen = time
        } else if inOrder.count < Self.limit {
            index[pid] = inOrder.count
            inOrder.append(Process(pid: pid, responses: 1, firstSeen: time, lastSeen: time))
        }
    }
}
