import NIOHPACK

/// Header fields of HTTP/1.1 that are about the connection, and that HTTP/2 forbids (RFC 9113, 8.2.2).
enum ConnectionHeaders {
    private static let names = ["connection", "upgrade", "keep-alive", "proxy-connection", "transfer-encoding"]

    /// Takes them away.
    static func remove(from headers: inout HPACKHeaders) {
        for name in names where headers.contains(name: name) { headers.remove(name: name) }
    }
}
