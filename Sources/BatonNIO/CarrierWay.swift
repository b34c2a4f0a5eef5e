internal import Baton
internal import Systemd

/// The way of connections to the process that serves next. It leads through another carrier when that is another process before the last
/// of them has gone, or when the carrier is full. Thread-safe.
final class CarrierWay: Sendable {
    private struct State {
        var carrier: Carrier
        var isRenewing = false
        /// How many carriers there may still be.
        var left = CarrierWay.most
    }

    /// More processes than follow each other while connections are drained, and more than a store should have to keep.
    private static let most = 100

    private let state: Locked<State>
    private let next: (@Sendable () -> Carrier?)?

    /// - Parameters:
    ///   - carrier: The first carrier.
    ///   - next: Finds another one, when the one before takes no more; it may wait. Nil if there is none.
    init(_ carrier: Carrier, next: (@Sendable () -> Carrier?)?) {
        state = Locked(State(carrier: carrier))
        self.next = next
    }

    /// Where to put connections at this moment.
    var carrier: Carrier { state.withLock { $0.carrier } }

    /// A carrier takes no more: has the next one sought, on a thread of its own.
    ///
    /// - Returns: Whether it makes sense to try again a little later.
    func renew(insteadOf carrier: Carrier) -> Bool {
        guard let next else { return false }
        let isMine = state.withLock { state -> Bool? in
            if state.isRenewing || state.carrier !== carrier { return false }
            guard state.left > 0 else { return nil }
            state.left -= 1
            state.isRenewing = true
            return true
        }
        guard let isMine else { return false }
        guard isMine else { return true }
        do {
            try DetachedThread.start(named: "carrier") { [self] in
                found(next())
            }
            return true
        } catch {
            found(nil)
            return false
        }
    }

    private func found(_ carrier: Carrier?) {
        state.withLock { state in
            state.isRenewing = false
            if let carrier { state.carrier = carrier } else { state.left = 0 }
        }
    }
}
