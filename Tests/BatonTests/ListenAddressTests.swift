import Foundation
import SystemPackage
import Systemd
import Testing

@testable import Baton

@Suite struct ListenAddressTests {
    private func listen(_ address: ListenAddress) throws -> ListenSockets {
        var sockets = ListenSockets()
        sockets.append(owning: try address.listen(), name: "http")
        return sockets
    }

    private func error(_ address: ListenAddress) -> ActivationError? {
        #expect(throws: ActivationError.self) { _ = try listen(address) }
    }

    private func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
        let folder = "/tmp/baton-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    @Test(arguments: ["127.0.0.1", "::1", "::", "0.0.0.0", "localhost"])
    func portZeroBecomesARealOne(host: String) throws {
        let sockets = try listen(.tcp(host: host, port: 0))
        let description = try #require(sockets.descriptions.first)
        #expect(description.kind == .stream && description.isListening)
        switch description.localAddress {
        case .ipv4(_, let port), .ipv6(_, let port): #expect(port > 0)
        default: Issue.record("bound to \(String(describing: description.localAddress))")
        }
    }

    @Test func everyIPv6AddressTakesIPv4Too() throws {
        let sockets = try listen(.tcp(host: "::", port: 0))
        guard case .ipv6(_, let port) = sockets.descriptions.first?.localAddress else {
            Issue.record("not IPv6")
            return
        }
        // An IPv4 socket cannot have the port a second time: the first one takes both.
        #expect(error(.tcp(host: "0.0.0.0", port: Int(port)))?.errno == .addressInUse)
    }

    @Test func aPortInUseNamesTheAddressAndWhatToDo() throws {
        let sockets = try listen(.tcp(host: "127.0.0.1", port: 0))
        guard case .ipv4(_, let port) = sockets.descriptions.first?.localAddress else { return }
        let error = error(.tcp(host: "127.0.0.1", port: Int(port)))
        #expect(error?.code == .cannotBind)
        #expect(error?.description.contains("cannot listen on 127.0.0.1:\(port): bind: Address already in use") == true)
        #expect(error?.description.contains("ss -ltnp 'sport = :\(port)'") == true)
    }

    @Test(arguments: [
        (ListenAddress.tcp(host: "no.such.host.invalid", port: 80), "host 'no.such.host.invalid' does not resolve"),
        (.tcp(host: "", port: 80), "the host is empty"),
        (.tcp(host: "127.0.0.1", port: 65536), "a port is a number from 0 to 65535"),
        (.tcp(host: "127.0.0.1", port: -1), "a port is a number from 0 to 65535"),
        (.tcp(host: "192.0.2.1", port: 0), "this machine has no such address"),
        (.unix(path: ""), "the path is empty"),
        (.unix(path: "/no/such/folder/a.sock"), "its folder must exist"),
        (.unix(path: "/tmp/" + String(repeating: "x", count: 103)), "has 108 bytes and a UNIX socket's may have 107"),
    ])
    func saysWhatIsWrongWithAnAddress(address: ListenAddress, reason: String) {
        let error = error(address)
        #expect(error?.code == .cannotBind)
        #expect(error?.description.hasPrefix("cannot listen on \(address): ") == true)
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func aFileInTheWayIsNeverRemoved() throws {
        try withFolder { folder in
            let path = folder + "/a.sock"
            #expect(FileManager.default.createFile(atPath: path, contents: Data("precious".utf8)))
            #expect(error(.unix(path: path))?.description.contains("something that is not a socket") == true)
            #expect(FileManager.default.contents(atPath: path) == Data("precious".utf8))
        }
    }

    @Test func aSocketLeftOverIsReplacedAndOneInUseIsNot() throws {
        try withFolder { folder in
            let address = ListenAddress.unix(path: folder + "/a.sock")
            do { _ = try listen(address) }
            #expect(FileManager.default.fileExists(atPath: folder + "/a.sock"))
            let sockets = try listen(address)
            #expect(sockets.descriptions.first?.localAddress == .unix(path: folder + "/a.sock"))
            #expect(error(address)?.errno == .addressInUse)
        }
    }

    @Test func anAbstractNameNeedsNoFile() throws {
        let name = "baton-\(UUID().uuidString)"
        let sockets = try listen(.unix(path: "@" + name))
        #expect(sockets.descriptions.first?.localAddress == .abstract(name: name))
    }
}
