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
/// What is put into a carrier comes out of it, once and whole, or is not put in.
@Suite struct CarrierTests {
    /// Two ends of a connection.
    private struct Pair: ~Copyable {
        let one: OwnedDescriptor
        let other: OwnedDescriptor

        init() throws {
            var ends: [CInt] = [-1, -1]
            try #require(cprocess_socket_pair(&ends) == 0)
            one = OwnedDescriptor(ends[0])
            other = OwnedDescriptor(ends[1])
        }
    }

    private let carrier: Carrier
    private let reader: CarrierReader
    private let name = CarrierName.direct(server: "http").description

    init() throws {
        let pair = try Carrier.make()
        carrier = pair.carrier
        reader = CarrierReader(pair.giveAway(), name: name)
    }

    private func put(_ count: Int, bytes: [UInt8] = []) throws -> (count: Int, failure: Errno?) {
        let pair = try Pair()
        return pair.one.withDescriptor { descriptor in
            carrier.put(Array(repeating: CarriedConnection(descriptor: descriptor, bytes: bytes), count: count))
        }
    }

    /// Takes all there is, and closes it.
    private func takeAll() -> [[UInt8]] {
        var taken: [[UInt8]] = []
        while case .connections(let connections, dropped: 0) = reader.next() {
            for connection in connections { close(connection.descriptor) }
            taken += connections.map(\.bytes)
        }
        return taken
    }

    @Test func aConnectionLivesOnInItWhenItsDescriptorIsClosed() throws {
        let pair = try Pair()
        let bytes = [UInt8]("GET /".utf8)
        let connection = CarriedConnection(descriptor: pair.one.withDescriptor { $0 }, bytes: bytes)
        #expect(carrier.put([connection]) == (1, nil))
        // As the process does that gives it away.
        let other = pair.other.withDescriptor(dup)
        defer { close(other) }
        _ = consume pair
        #expect(write(other, "x", 1) == 1, "the client notices nothing")
        guard case .connections(let taken, dropped: 0) = reader.next(), let first = taken.first else {
            Issue.record("nothing came")
            return
        }
        defer { close(first.descriptor) }
        #expect(taken.count == 1 && first.bytes == bytes)
        #expect(fcntl(first.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        var byte: UInt8 = 0
        #expect(read(first.descriptor, &byte, 1) == 1 && byte == UInt8(ascii: "x"))
        #expect(reader.next() == .nothing)
    }

    @Test(arguments: [1, 253, 254, 600])
    func manyGoInSeveralMessages(count: Int) throws {
        let put = try put(count)
        #expect(put == (count, nil))
        #expect(takeAll().count == count)
    }

    @Test func aLongHeadGoesAlone() throws {
        let bytes = [UInt8](repeating: 65, count: Carrier.mostBytes)
        let put = try put(1, bytes: bytes)
        #expect(put == (1, nil))
        #expect(takeAll() == [bytes])
    }

    @Test func aFullOneTakesNoMore() throws {
        let bytes = [UInt8](repeating: 65, count: 10_000)
        let put = try put(1000, bytes: bytes)
        #expect(put.failure == .wouldBlock)
        #expect(put.count > 0 && put.count < 1000)
        #expect(takeAll().count == put.count)
        let again = try self.put(1)
        #expect(again == (1, nil), "there is room again")
    }

    @Test func whereNobodyTakesThemTheyStay() throws {
        let pair = try Carrier.make()
        let carrier = pair.carrier
        _ = consume pair
        let connection = try Pair()
        let put = connection.one.withDescriptor { carrier.put([CarriedConnection(descriptor: $0)]) }
        #expect(put == (0, .brokenPipe))
    }

    @Test func oneThatIsRefusedIsStillEmptied() throws {
        #expect(try put(2).count == 2)
        reader.refuse()
        #expect(try put(1).failure == .brokenPipe)
        #expect(takeAll().count == 2)
        #expect(reader.next() == .ended)
    }

    @Test func whatIsNoConnectionIsClosed() throws {
        let listener = try ListenAddress.tcp(host: "127.0.0.1", port: 0).listen()
        defer { close(listener) }
        #expect(carrier.put([CarriedConnection(descriptor: listener)]) == (1, nil))
        #expect(reader.next() == .connections([], dropped: 1))
    }

    @Test(arguments: ["BTN2\u{1}\u{0}", "BTN1", "", "BTN1\u{0}\u{0}", "BTN1\u{1}\u{0}\u{9}\u{0}\u{0}\u{0}"])
    func whatIsNoMessageIsThrownAway(text: String) throws {
        let pair = try Pair()
        let bytes = Array(text.utf8)
        let sent = carrier.withDescriptor { carrier in
            pair.one.withDescriptor { descriptor in
                var descriptors = [descriptor]
                return cprocess_send_message(carrier, bytes, bytes.count, &descriptors, 1)
            }
        }
        #expect(sent == 0)
        let reception = reader.next()
        if text.isEmpty {
            // As the end looks.
            #expect(reception == .ended)
        } else if case .unusable = reception {
            #expect(reader.next() == .nothing)
        } else {
            Issue.record("\(reception)")
        }
    }

    @Test func itsNameSaysWhoseItIs() throws {
        let first = CarrierName.stored(server: "a.b", namesInUse: [])
        #expect(first.description == "baton-carrier.a.b.1")
        #expect(CarrierName(first.description) == first)
        #expect(CarrierName.stored(server: "a.b", namesInUse: [first.description]).description == "baton-carrier.a.b.2")
        let direct = CarrierName.direct(server: "http")
        #expect(direct.isDirect && !first.isDirect)
        #expect(CarrierName(direct.description) == direct)
        for other in ["", "http", "baton-carrier.", "baton-carrier.1", "baton-carrier..1", "baton-carrier.http.x"] {
            #expect(CarrierName(other) == nil, "\(other)")
        }
    }
}
#endif
