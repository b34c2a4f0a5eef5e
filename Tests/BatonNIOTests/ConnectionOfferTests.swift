import NIOCore
import NIOPosix
import Systemd
import Testing

@testable import Baton
@testable import BatonNIO

/// A carrier that nobody empties yet takes so many connections and no more; the next one takes the others.
@Suite(.timeLimit(.minutes(1))) struct ConnectionOfferTests {
    /// More than a carrier takes in messages of their own.
    private static let count = 1000

    /// Offers one connection so many times, each time for itself, until that is settled.
    ///
    /// - Returns: What became of it, and what the connections' log line says.
    private func offer(
        first: Carrier,
        next: (@Sendable () -> Carrier?)?
    ) async throws -> (outcomes: [ConnectionOffer.Outcome: Int], report: String) {
        let holder = try Holder()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: Int(holder.port)).get()
        let offer = ConnectionOffer(
            carrier: first,
            next: next,
            isEmptied: false,
            loops: [channel.eventLoop],
            moved: { _ in }
        )
        var outcomes: [ConnectionOffer.Outcome: Int] = [:]
        for _ in 0..<Self.count {
            var outcome = ConnectionOffer.Outcome.later
            while outcome == .later {
                let taken = channel.eventLoop.submit {
                    let said = Locked(ConnectionOffer.Outcome.later)
                    offer.take(channel, bytes: []) { outcome in said.withLock { $0 = outcome } }
                    return said.withLock { $0 }
                }
                outcome = try await taken.get()
            }
            outcomes[outcome, default: 0] += 1
        }
        try await channel.close()
        return (outcomes, offer.report)
    }

    /// Takes out what is in; the connections are closed.
    private func empty(_ reader: CarrierReader) -> Int {
        var count = 0
        while case .connections(let connections, _) = reader.next() {
            count += connections.count
            for connection in connections { _ = OwnedDescriptor(connection.descriptor) }
        }
        return count
    }

    @Test func theNextTakesWhatTheFirstHasNoRoomFor() async throws {
        let readers = Locked<[CarrierReader]>([])
        let make: @Sendable () -> Carrier? = {
            guard let pair = try? Carrier.make() else { return nil }
            let carrier = pair.carrier
            let number = readers.withLock { $0.count + 1 }
            let reader = CarrierReader(pair.giveAway(), name: "baton-carrier.http.\(number)")
            readers.withLock { $0.append(reader) }
            return carrier
        }
        let (outcomes, report) = try await offer(first: try #require(make()), next: make)
        #expect(outcomes[.moved] == Self.count && outcomes.count == 1, "\(outcomes)")
        #expect(report == "connections handed over: \(Self.count)")
        let taken = readers.withLock { $0 }.map(empty)
        #expect(taken.count > 1 && taken.allSatisfy { $0 > 0 } && taken.reduce(0, +) == Self.count, "\(taken)")
    }

    @Test(arguments: [true, false])
    func withoutANextTheOthersStay(isAsked: Bool) async throws {
        let pair = try Carrier.make()
        let carrier = pair.carrier
        let reader = CarrierReader(pair.giveAway(), name: "baton-carrier.http.1")
        let none: @Sendable () -> Carrier? = { nil }
        let (outcomes, report) = try await offer(first: carrier, next: isAsked ? none : nil)
        let moved = empty(reader)
        #expect(outcomes[.moved] == moved && outcomes[.refused] == Self.count - moved, "\(outcomes)")
        let rest = "; not handed over: the carrier is full: \(Self.count - moved)"
        #expect(report == "connections handed over: \(moved)\(rest)")
    }
}
