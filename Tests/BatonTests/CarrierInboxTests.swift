import CProcess
import SystemPackage
import Systemd
import Testing

@testable import Baton

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

#if os(Linux)
struct CarrierInboxTests {
    /// Sends what a manager sends, and keeps nothing of it.
    private func send(_ name: String, _ descriptors: [CInt], to inbox: CInt) -> CInt {
        let text = [UInt8](name.utf8)
        return cprocess_send_message(inbox, text, text.count, descriptors, UInt32(descriptors.count))
    }

    private func closed(_ carrier: Carrier) -> Bool {
        carrier.withDescriptor { descriptor in
            var entry = pollfd(fd: descriptor, events: 0, revents: 0)
            return poll(&entry, 1, 0) == 1
        }
    }

    private func unusable(_ reception: CarrierInbox.Reception) -> String? {
        if case .unusable(let why) = reception { why } else { nil }
    }

    @Test func whatIsPutIntoACarrierComesOut() throws {
        let inbox = try CarrierInbox(server: "http")
        let manager = OwnedDescriptor(try #require(inbox.giveAway()))
        #expect(inbox.giveAway() == nil)
        guard case .nothing = inbox.next() else { throw Failure() }
        let pair = try Carrier.make()
        let carrier = pair.carrier
        let reader = pair.giveAway()
        let result = reader.withDescriptor { reader in
            manager.withDescriptor { send("baton-carrier.http.3", [reader], to: $0) }
        }
        _ = consume reader
        #expect(result == 0)
        #expect(!closed(carrier))

        guard case .carrier(let received) = inbox.next() else { throw Failure() }
        #expect(received.isDirect)
        var ends: (CInt, CInt) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) { bytes in
            bytes.withMemoryRebound(to: CInt.self) { cprocess_socket_pair($0.baseAddress) }
        }
        #expect(made == 0)
        defer { for descriptor in [ends.0, ends.1] { close(descriptor) } }
        #expect(carrier.put([CarriedConnection(descriptor: ends.0, bytes: [1, 2])]).count == 1)
        guard case .connections(let connections, 0) = received.next() else { throw Failure() }
        #expect(connections.map(\.bytes) == [[1, 2]])
        for connection in connections { close(connection.descriptor) }
        received.refuse()
        guard case .ended = received.next() else { throw Failure() }
    }

    @Test(arguments: [
        ("baton-carrier.other.1", "connections of 'other' came, and 'http' is served"),
        ("nonsense", "\"nonsense\" is no carrier's name"),
    ])
    func whatIsOfNoUseIsClosed(name: String, reason: String) throws {
        let inbox = try CarrierInbox(server: "http")
        let manager = OwnedDescriptor(try #require(inbox.giveAway()))
        let pair = try Carrier.make()
        let carrier = pair.carrier
        let reader = pair.giveAway()
        reader.withDescriptor { reader in
            manager.withDescriptor { #expect(send(name, [reader], to: $0) == 0) }
        }
        _ = consume reader
        let why = unusable(inbox.next())
        #expect(why == reason)
        #expect(closed(carrier))
        manager.withDescriptor { #expect(send("baton-carrier.http.1", [], to: $0) == 0) }
        let other = unusable(inbox.next())
        #expect(other == "\"baton-carrier.http.1\" came with 0 descriptors")
    }

    @Test func whatIsRefusedIsNotSentAndWhatHasComeIsThere() throws {
        let inbox = try CarrierInbox(server: "http")
        let manager = OwnedDescriptor(try #require(inbox.giveAway()))
        let pair = try Carrier.make()
        let reader = pair.giveAway()
        reader.withDescriptor { reader in
            manager.withDescriptor { manager in
                #expect(send("baton-carrier.http.1", [reader], to: manager) == 0)
                inbox.refuse()
                #expect(send("baton-carrier.http.2", [reader], to: manager) == -EPIPE)
            }
        }
        guard case .carrier = inbox.next() else { throw Failure() }
        guard case .ended = inbox.next() else { throw Failure() }
    }

    @Test func theEndOfTheManagerIsTheEndOfIt() throws {
        let inbox = try CarrierInbox(server: "http")
        close(try #require(inbox.giveAway()))
        guard case .ended = inbox.next() else { throw Failure() }
    }

    private struct Failure: Error {}
}
#endif
