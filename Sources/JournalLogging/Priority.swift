internal import Logging

extension Logger.Level {
    /// The digit of the level's syslog(3) priority.
    var priorityDigit: UInt8 {
        switch self {
        case .trace, .debug: UInt8(ascii: "7")
        case .info: UInt8(ascii: "6")
        case .notice: UInt8(ascii: "5")
        case .warning: UInt8(ascii: "4")
        case .error: UInt8(ascii: "3")
        case .critical: UInt8(ascii: "2")
        }
    }
}
