/// When the requests of an open loop are due: at a fixed rate, whatever the answers do. What is due and has no connection yet
/// waits in the order of arrival; as the times are known, only its number is kept.
struct ArrivalSchedule {
    private let perSecond: Double
    private var start: Duration = .zero
    private var arrived = 0
    private var taken = 0
    private var isRunning = false

    /// - Parameter perSecond: More than 0.
    init(perSecond: Double) { self.perSecond = perSecond }

    /// How many are due and not taken.
    var waiting: Int { arrived - taken }

    /// When the next one will be due; nil when there is none to come.
    var next: Duration? { isRunning ? time(of: arrived) : nil }

    /// The first request is due at `time`.
    mutating func begin(at time: Duration) { (start, isRunning) = (time, true) }

    /// Takes in what is due at `now`.
    ///
    /// - Returns: For each of these how late it is noticed.
    mutating func arrive(at now: Duration) -> [Duration] {
        var slips: [Duration] = []
        while let time = next, time <= now {
            slips.append(now - time)
            arrived += 1
        }
        return slips
    }

    /// The one that has waited longest: when it was due.
    mutating func take() -> Duration? {
        guard waiting > 0 else { return nil }
        defer { taken += 1 }
        return time(of: taken)
    }

    /// No more requests become due.
    mutating func end() { isRunning = false }

    /// From the start each time, so that no rounding adds up.
    private func time(of number: Int) -> Duration { start + .nanoseconds(Int64(Double(number) * 1e9 / perSecond)) }
}
