internal import NIOCore
internal import NIOWebSocket

/// What a Close frame says (RFC 6455, 5.5.1).
struct WebSocketClose: Hashable, Sendable {
    /// The longest payload of a control frame, less the code.
    private static let longestReason = 123

    /// The status code; nil says nothing.
    let code: UInt16?
    let reason: String

    /// - Parameter reason: As much of it as a frame holds is sent.
    init(_ code: WebSocketErrorCode?, _ reason: String = "") {
        self.code = code.map(UInt16.init(webSocketErrorCode:))
        var reason = reason
        while reason.utf8.count > Self.longestReason { reason.removeLast() }
        self.reason = reason
    }

    /// What to answer a Close frame with: its own code, or what is wrong with it.
    init(answering payload: ByteBuffer) {
        var payload = payload
        guard payload.readableBytes > 0 else {
            self.init(nil)
            return
        }
        guard let code = payload.readInteger(as: UInt16.self) else {
            self.init(.protocolError, "the payload of a Close frame has one byte")
            return
        }
        guard Self.isAllowed(code) else {
            self.init(.protocolError, "no code of a Close frame: \(code)")
            return
        }
        guard String(validating: payload.readableBytesView, as: UTF8.self) != nil else {
            self.init(.dataInconsistentWithMessage, "the reason of a Close frame is not UTF-8")
            return
        }
        self.init(WebSocketErrorCode(codeNumber: Int(code)))
    }

    /// The frame's payload.
    var payload: ByteBuffer {
        var payload = ByteBuffer()
        guard let code else { return payload }
        payload.writeInteger(code)
        payload.writeString(reason)
        return payload
    }

    /// Codes that may be sent (RFC 6455, 7.4): 1004 to 1006 and 1015 never are.
    private static func isAllowed(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
