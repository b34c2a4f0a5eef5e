internal import CSystemd
public import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension ServiceNotification {
    /// Which processes of the service may send notifications: the values of `NotifyAccess=`.
    public enum Access: String, Sendable, Hashable, CaseIterable {
        /// Nobody any more.
        case none
        /// The main process.
        case main
        /// The main process and the processes of the unit's other `Exec…=` lines.
        case exec
        /// Every process of the service.
        case all
    }

    /// `STATUS=`: one line for people, in `systemctl status`.
    ///
    /// - Parameter text: The line. A backslash is sent as two, of which systemd makes one again.
    /// - Throws: If there is a line feed, a carriage return or a NUL in it, or it is longer than ``longestStatus``.
    public func status(_ text: String) throws(NotificationError) -> ServiceNotification {
        guard StatusText.isOneLine(text) else {
            throw NotificationError(
                "STATUS=\(Self.beginning(of: text)): a value is one line without NUL; or use status(flattening:)"
            )
        }
        let escaped = StatusText.escaped(text)
        guard escaped.utf8.count <= Self.longestStatus else {
            throw NotificationError(
                "STATUS=\(Self.beginning(of: text)): \(escaped.utf8.count) bytes are too many: systemd ignores long messages, "
                    + "and \(Self.longestStatus) fit for sure; or use status(flattening:)"
            )
        }
        return setting(.status, escaped)
    }

    /// `STATUS=`, of a text that may have line ends and NULs, such as an error's: they become spaces, and of a text that is
    /// longer than ``longestStatus`` the rest becomes an ellipsis.
    public func status(flattening text: String) -> ServiceNotification {
        setting(.status, StatusText.shortened(StatusText.flattened(text), to: Self.longestStatus))
    }

    /// How many bytes of UTF-8 a status can have, a backslash counted as two: systemd ignores messages of more than 4,096
    /// bytes, whatever is in them, and everything else that goes into one message fits beside it.
    public static let longestStatus = 3072

    /// `ERRNO=`: the error for which the service fails; `StatusErrno` in `systemctl show`.
    ///
    /// - Throws: If it is not one of Linux' numbers, 1 to 4095.
    public func error(_ errno: Errno) throws(NotificationError) -> ServiceNotification {
        guard (1...4095).contains(errno.rawValue) else {
            throw NotificationError("ERRNO=\(errno.rawValue): an error's number is 1 to 4095")
        }
        return setting(.errno, "\(errno.rawValue)")
    }

    /// `BUSERROR=`: the D-Bus name of the error for which the service fails; `StatusBusError` in `systemctl show` from 257 on,
    /// in its debug log before.
    ///
    /// - Parameter name: As in `org.freedesktop.DBus.Error.TimedOut`.
    /// - Throws: If it is no such name.
    public func busError(_ name: String) throws(NotificationError) -> ServiceNotification {
        guard ErrorName.isDBus(name) else {
            throw NotificationError(
                "BUSERROR=\(name.debugDescription): a name such as org.freedesktop.DBus.Error.TimedOut is needed"
            )
        }
        return setting(.busError, name)
    }

    /// `VARLINKERROR=` (257): the Varlink name of the error for which the service fails;
    /// `StatusVarlinkError` in `systemctl show`.
    ///
    /// - Parameter name: As in `org.varlink.service.InvalidParameter`.
    /// - Throws: If it is no such name.
    public func varlinkError(_ name: String) throws(NotificationError) -> ServiceNotification {
        guard ErrorName.isVarlink(name) else {
            throw NotificationError(
                "VARLINKERROR=\(name.debugDescription): a name such as org.varlink.service.InvalidParameter is needed"
            )
        }
        return setting(.varlinkError, name)
    }

    /// `EXIT_STATUS=` (254): for whoever listens in a manager's place; systemd itself only logs what a service sends.
    public func exitStatus(_ status: UInt8) -> ServiceNotification {
        setting(.exitStatus, "\(status)")
    }

    /// `MAINPID=`: the main process is another one from now on; it must be of this service.
    ///
    /// Where the kernel can tell a process from a later one of the same number (pidfs, Linux 6.9), `MAINPIDFDID=` (257) says
    /// which is meant.
    ///
    /// - Parameter pid: The process, which the caller knows to be running or not waited for yet.
    /// - Throws: If it is no process's number, or there is no such process.
    public func mainPID(_ pid: CInt) throws(NotificationError) -> ServiceNotification {
        guard pid > 1 else {
            throw NotificationError("MAINPID=\(pid): the number of a process of the service is needed")
        }
        var inode: UInt64 = 0
        var notification = setting(.mainPID, "\(pid)")
        switch csystemd_process_inode(pid, &inode) {
        case 0: notification = notification.setting(.mainPIDFDID, "\(inode)")
        case -ESRCH: throw NotificationError("MAINPID=\(pid): there is no such process")
        default: break
        }
        return notification
    }

    /// `NOTIFYACCESS=` (254): which processes may send notifications from now on, whatever the unit says.
    public func access(_ access: Access) -> ServiceNotification {
        setting(.access, access.rawValue)
    }

    /// `WATCHDOG=1`: the service is well. To be sent more often than the ``WatchdogTimeout``, best twice as often.
    public static var watchdogPing: ServiceNotification { ServiceNotification().setting(.watchdog, "1") }

    /// `WATCHDOG=trigger` (243): the service is beyond help, and systemd is to treat it like one that missed its ping.
    public static var watchdogTrigger: ServiceNotification { ServiceNotification().setting(.watchdog, "trigger") }

    /// `WATCHDOG_USEC=`: the watchdog's timeout is another one from now on.
    ///
    /// - Throws: If it is not positive, or too long for a number of microseconds.
    public func watchdogTimeout(_ timeout: Duration) throws(NotificationError) -> ServiceNotification {
        setting(.watchdogTimeout, try Self.microseconds(timeout, "WATCHDOG_USEC"))
    }

    /// `EXTEND_TIMEOUT_USEC=` (236): the start, the stop or the run may go on for that long from now, even if that is beyond
    /// the unit's timeout. It ends then unless the next extension has come before.
    ///
    /// - Throws: If it is not positive, or too long for a number of microseconds.
    public func extendTimeout(by extension: Duration) throws(NotificationError) -> ServiceNotification {
        setting(.extendTimeout, try Self.microseconds(`extension`, "EXTEND_TIMEOUT_USEC"))
    }

    /// `RESTART_RESET=1` (258): the restarts before this one do not count for `RestartSteps=` any more.
    public func resettingRestarts() -> ServiceNotification {
        setting(.restartReset, "1")
    }

    private static func beginning(of text: String) -> String {
        text.utf8.count <= 80 ? text.debugDescription : "\(String(text.prefix(40)).debugDescription)…"
    }

    private static func microseconds(_ duration: Duration, _ name: String) throws(NotificationError) -> String {
        guard let microseconds = duration.wholeMicroseconds, microseconds > 0 else {
            throw NotificationError("\(name)=\(duration): a positive time below 292,000 years is needed")
        }
        return "\(microseconds)"
    }
}
