import Glibc
import SystemPackage
import Testing

@testable import Systemd

/// What is written into a message. Two state words in one can not be written: there are three ways to begin a message with
/// one, and none to add one.
@Suite struct ServiceNotificationTests {
    @Test func eachAssignmentHasItsText() throws {
        let cases: [(ServiceNotification, String)] = [
            (.ready, "READY=1"),
            (.stopping, "STOPPING=1"),
            (ServiceNotification(), ""),
            (try .ready.status("hällö = 1, ok"), "READY=1\nSTATUS=hällö = 1, ok"),
            (try .stopping.status(""), "STOPPING=1\nSTATUS="),
            (try .ready.status(#"a\b\"#).error(.init(rawValue: 1)), #"READY=1\#nSTATUS=a\\b\\\#nERRNO=1"#),
            (ServiceNotification().status(flattening: #"\n"#), #"STATUS=\\n"#),
            (try ServiceNotification().error(.noSuchFileOrDirectory), "ERRNO=2"),
            (try ServiceNotification().busError("org.a_b.C1"), "BUSERROR=org.a_b.C1"),
            (try ServiceNotification().varlinkError("com.a-1.b.Bad2"), "VARLINKERROR=com.a-1.b.Bad2"),
            (ServiceNotification().exitStatus(255), "EXIT_STATUS=255"),
            (ServiceNotification().access(.exec), "NOTIFYACCESS=exec"),
            (.watchdogPing, "WATCHDOG=1"),
            (.watchdogTrigger, "WATCHDOG=trigger"),
            (try ServiceNotification().watchdogTimeout(.seconds(3)), "WATCHDOG_USEC=3000000"),
            (try ServiceNotification().extendTimeout(by: .nanoseconds(1)), "EXTEND_TIMEOUT_USEC=1"),
            (ServiceNotification().resettingRestarts(), "RESTART_RESET=1"),
        ]
        for (notification, text) in cases { #expect(notification.text == text) }
    }

    @Test func aNameIsOnlyOnceInAMessageWithItsLastValue() throws {
        let notification = try ServiceNotification.ready.status("a").error(.interrupted).status("b")
        #expect(notification.text == "READY=1\nSTATUS=b\nERRNO=4")
    }

    @Test func reloadingSaysNow() throws {
        func now() -> UInt64 {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
        }
        let before = now()
        let text = ServiceNotification.reloading.text
        let after = now()
        let said = try #require(text.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=([0-9]+)/)?.1)
        #expect((before...after).contains(try #require(UInt64(said))))
        #expect(try ServiceNotification.reloading.status("x").text.hasSuffix("\nSTATUS=x"))
    }

    @Test func theMainProcessIsNamedSoThatNoOtherCanBeMeant() throws {
        let text = try ServiceNotification.ready.mainPID(getpid()).text
        #expect(text.hasPrefix("READY=1\nMAINPID=\(getpid())"))
        // Without pidfs (before Linux 6.9) the number is all there is.
        if text.contains("MAINPIDFDID") {
            let inode = try #require(text.firstMatch(of: /\nMAINPIDFDID=([0-9]+)$/)?.1)
            #expect(try ServiceNotification().mainPID(getpid()).text.hasSuffix("=\(inode)"))
            #expect(try !ServiceNotification().mainPID(getppid()).text.hasSuffix("=\(inode)"))
        }
    }

    @Test func noOtherProcessTakesThePlaceOfOneThatIsGone() throws {
        var pid = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        defer { free(arguments[0]) }
        try #require(posix_spawn(&pid, "/bin/true", nil, nil, &arguments, nil) == 0)
        waitpid(pid, nil, 0)
        #expect(throws: error("MAINPID=\(pid): there is no such process")) { try ServiceNotification().mainPID(pid) }
    }

    @Test(arguments: [0, 1, -1, CInt.min])
    func whatIsNoProcessOfAServiceCannotBeItsMainProcess(pid: CInt) {
        #expect(throws: error("MAINPID=\(pid): the number of a process of the service is needed")) {
            try ServiceNotification().mainPID(pid)
        }
    }

    @Test(arguments: ["a\nREADY=1", "\n", "a\rERRNO=5", "a\r\nb", "a\0b", "\0"])
    func aStatusIsOneLine(text: String) {
        let expected = "STATUS=\(text.debugDescription): a value is one line without NUL; or use status(flattening:)"
        #expect(throws: error(expected)) { try ServiceNotification().status(text) }
        let flattened = ServiceNotification().status(flattening: text).text
        #expect(flattened.hasPrefix("STATUS=") && flattened.utf8.allSatisfy { $0 != 10 && $0 != 13 && $0 != 0 })
        #expect(flattened.contains(" "))
    }

    @Test func aStatusThatWouldMakeSystemdIgnoreTheMessageIsRefused() throws {
        let longest = String(repeating: "é", count: ServiceNotification.longestStatus / 2)
        #expect(try ServiceNotification().status(longest).text == "STATUS=\(longest)")
        let refused = #expect(throws: NotificationError.self) { try ServiceNotification().status(longest + "x") }
        #expect(refused?.description.contains("3073 bytes are too many") == true)
        #expect((refused?.description.utf8.count ?? 999) < 300)
        #expect(ServiceNotification().status(flattening: longest).text == "STATUS=\(longest)")
        // In the middle of a character of two bytes, and of one of any length.
        let shortened = ServiceNotification().status(flattening: "x" + longest).text
        #expect(shortened.hasSuffix("é…") && shortened.utf8.count <= ServiceNotification.longestStatus + 7)
        // A backslash is two bytes, and both or none are there.
        for length in 1530...1540 {
            let text = String(repeating: "\\", count: length) + "xxxxxxxx"
            #expect((try? ServiceNotification().status(text)) == nil || length <= 1532)
            let value = ServiceNotification().status(flattening: text).text.dropFirst("STATUS=".count)
            #expect(value.utf8.count <= ServiceNotification.longestStatus && value.count { $0 == "\\" } % 2 == 0)
        }
        let combined = ServiceNotification().status(flattening: "e" + String(repeating: "\u{301}", count: 5000)).text
        #expect((3060...(ServiceNotification.longestStatus + 7)).contains(combined.utf8.count))
    }

    @Test func everythingInOneMessageIsNotTooLongForSystemd() throws {
        let name = "org." + String(repeating: "a", count: 248) + ".B"
        let status = String(repeating: "s", count: ServiceNotification.longestStatus)
        let longest = Duration.microseconds(Int64.max)
        let message = try ServiceNotification.reloading.status(status).error(.init(rawValue: 4095)).busError(name)
            .varlinkError(name).exitStatus(255).mainPID(getpid()).access(.main).watchdogTimeout(longest)
            .extendTimeout(by: longest).resettingRestarts()
        #expect(message.text.utf8.count <= 4096)
    }

    @Test(arguments: [0, -1, 4096, CInt.min, CInt.max])
    func anErrorHasALegalNumber(number: CInt) {
        #expect(throws: error("ERRNO=\(number): an error's number is 1 to 4095")) {
            try ServiceNotification().error(Errno(rawValue: number))
        }
    }

    @Test(arguments: [
        "", "a", ".", "a.", ".a", "a..b", "a b.c", "1a.b", "a.1b", "a-b.c", "ä.b", "a.b\n", "a.b\0", "a.\u{661}",
        "a." + String(repeating: "b", count: 254),
    ])
    func aDBusErrorHasALegalName(name: String) {
        let expected = "BUSERROR=\(name.debugDescription): a name such as org.freedesktop.DBus.Error.TimedOut is needed"
        #expect(throws: error(expected)) { try ServiceNotification().busError(name) }
    }

    @Test(arguments: [
        "", "a.B", "a.b.", "a.b.c", "a.b.Ca_b", "a.b-.C", "a.-b.C", "1.b.C", "a.b.1C", "a..C", "a.b.C\n", "a.b.C\0",
        "a.b." + String(repeating: "C", count: 252),
    ])
    func aVarlinkErrorHasALegalName(name: String) {
        let example = "org.varlink.service.InvalidParameter"
        let expected = "VARLINKERROR=\(name.debugDescription): a name such as \(example) is needed"
        #expect(throws: error(expected)) { try ServiceNotification().varlinkError(name) }
    }

    @Test(arguments: [
        Duration.zero, .seconds(-1), .nanoseconds(-1), .seconds(Int64.max), .seconds(Int64.max / 1_000_000 + 1),
    ])
    func aTimeIsPositiveAndFits(time: Duration) {
        for (name, make) in [
            ("WATCHDOG_USEC", { try ServiceNotification().watchdogTimeout(time) }),
            ("EXTEND_TIMEOUT_USEC", { try ServiceNotification().extendTimeout(by: time) }),
        ] as [(String, () throws -> ServiceNotification)] {
            #expect(throws: error("\(name)=\(time): a positive time below 292,000 years is needed")) { _ = try make() }
        }
    }

    private func error(_ description: String) -> NotificationError { NotificationError(description) }
}
