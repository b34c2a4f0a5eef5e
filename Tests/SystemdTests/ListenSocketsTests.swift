import Glibc
import Testing

@testable import Systemd

@Suite struct ListenSocketsTests {
    private func socket(_ type: __socket_type = SOCK_STREAM, listening: Bool = true) -> CInt {
        let descriptor = Glibc.socket(AF_UNIX, CInt(type.rawValue), 0)
        if listening {
            var address = sockaddr(sa_family: sa_family_t(AF_UNIX), sa_data: sockaddr().sa_data)
            // Autobind: the kernel chooses an abstract name.
            _ = bind(descriptor, &address, socklen_t(MemoryLayout<sa_family_t>.size))
            _ = listen(descriptor, 1)
        }
        return descriptor
    }

    private func isOpen(_ descriptor: CInt) -> Bool { fcntl(descriptor, F_GETFD) >= 0 }

    @Test func areAskedForByNameAndIndex() throws {
        var sockets = ListenSockets()
        let descriptors = (0..<3).map { _ in socket() }
        for (descriptor, name) in zip(descriptors, ["http", "admin", "http"]) {
            sockets.append(owning: descriptor, name: name)
        }
        let second = try sockets.take("http", index: 1)
        #expect(second.description.name == "http" && second.description.index == 1)
        #expect(second.release() == descriptors[2])
        #expect(sockets.descriptions.map { "\($0.name)[\($0.index)]" } == ["http[0]", "admin[0]"])
        close(descriptors[2])
    }

    @Test func whatIsMissingListsWhatThereIs() {
        var sockets = ListenSockets()
        sockets.append(owning: socket(), name: "http")
        let error = #expect(throws: ActivationError.self) { _ = try sockets.takeOnly("https") }
        #expect(error?.code == .missing)
        #expect(
            error?.description.contains("no listen socket named 'https' was passed; there is: http[0] stream @") == true
        )
        let none = #expect(throws: ActivationError.self) {
            var none = ListenSockets()
            _ = try none.takeAll("http")
        }
        #expect(none?.description.contains("there is: none") == true)
    }

    @Test func twoWhereOneWasAskedForIsAnErrorAndTakesNothing() {
        var sockets = ListenSockets()
        for _ in 0..<2 { sockets.append(owning: socket(), name: "http") }
        let error = #expect(throws: ActivationError.self) { _ = try sockets.takeOnly("http") }
        #expect(error?.code == .ambiguous)
        #expect(error?.description.contains("one listen socket named 'http' was asked for and there are 2") == true)
        #expect(sockets.descriptions.count == 2)
    }

    @Test func takeAllKeepsTheOrderAndLeavesTheOthers() throws {
        var sockets = ListenSockets()
        for name in ["http", "admin", "http"] { sockets.append(owning: socket(), name: name) }
        let http = try sockets.takeAll("http")
        #expect(http.descriptions.map(\.index) == [0, 1])
        #expect(sockets.descriptions.map(\.name) == ["admin"])
    }

    @Test func areClosedUnlessReleased() throws {
        let (kept, dropped, unused) = (socket(), socket(), socket())
        do {
            var sockets = ListenSockets()
            for descriptor in [kept, dropped, unused] { sockets.append(owning: descriptor, name: "http") }
            let released = try sockets.take("http", index: 0).release()
            #expect(released == kept)
            _ = try sockets.take("http", index: 1)
            #expect(!isOpen(dropped))
            #expect(isOpen(unused))
        }
        #expect(!isOpen(unused))
        #expect(isOpen(kept))
        close(kept)
    }

    @Test func onlyListeningStreamSocketsCanServeConnections() throws {
        for (descriptor, what) in [
            (socket(SOCK_DGRAM, listening: false), "a datagram"),
            (socket(listening: false), "a stream socket that does not listen"),
            (socket(SOCK_SEQPACKET), "a sequential-packet"), (open("/dev/null", O_RDONLY), "a special file"),
        ] {
            var sockets = ListenSockets()
            sockets.append(owning: descriptor, name: "http")
            let error = #expect(throws: ActivationError.self) { try sockets.requireStreamListeners() }
            #expect(error?.code == .wrongKind)
            #expect(error?.description.contains("socket http[0] is \(what)") == true, "\(String(describing: error))")
        }
    }
}
