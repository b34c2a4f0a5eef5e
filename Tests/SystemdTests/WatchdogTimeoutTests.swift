import Glibc
import Testing

@testable import Systemd

/// In processes of their own: the environment is changed.
@Suite(.needsLibsystemd) struct WatchdogTimeoutTests {
    @Test func whatIsMeantForThisProcessIsTakenOnce() async {
        await #expect(processExitsWith: .success) {
            setenv("WATCHDOG_USEC", "3000000", 1)
            setenv("WATCHDOG_PID", "\(getpid())", 1)
            let timeout = taken()
            demandEqual(try? timeout.get()?.duration, .seconds(3))
            demandEqual(try? timeout.get()?.interval, .milliseconds(1500))
            demand(isNone(taken()), "a second time: something")
            demand(system("env | grep -q WATCHDOG") != 0, "a child has it")
        }
    }

    @Test func withoutAPIDItIsMeantForWhoeverReadsIt() async {
        await #expect(processExitsWith: .success) {
            setenv("WATCHDOG_USEC", "1", 1)
            unsetenv("WATCHDOG_PID")
            demandEqual(try? taken().get()?.duration, .microseconds(1))
        }
    }

    @Test func thatOfAnotherProcessIsNoneAndChildrenDoNotGetIt() async {
        await #expect(processExitsWith: .success) {
            setenv("WATCHDOG_USEC", "3000000", 1)
            setenv("WATCHDOG_PID", "\(getppid())", 1)
            demand(isNone(taken()), "there is one")
            demand(system("env | grep -q WATCHDOG") != 0, "a child has it")
        }
    }

    @Test func withoutAWatchdogThereIsNone() async {
        await #expect(processExitsWith: .success) {
            unsetenv("WATCHDOG_USEC")
            demand(isNone(taken()), "there is one")
        }
    }

    @Test(arguments: [
        ("WATCHDOG_USEC", ""), ("WATCHDOG_USEC", "abc"), ("WATCHDOG_USEC", "0"), ("WATCHDOG_USEC", "1s"),
        ("WATCHDOG_USEC", "18446744073709551615"), ("WATCHDOG_USEC", "18446744073709551616"), ("WATCHDOG_PID", "x"),
    ])
    func whatIsMalformedIsNamedAndCleared(variable: String, value: String) async {
        await #expect(processExitsWith: .success) { [variable, value] in
            setenv("WATCHDOG_USEC", "3000000", 1)
            setenv("WATCHDOG_PID", "\(getpid())", 1)
            setenv(variable, value, 1)
            guard case .failure(let error) = taken() else { return demand(false, "no error") }
            demandEqual(error.code, .badEnvironment)
            demand(error.description.contains("\(variable)=\(value)"), error.description)
            demand(error.description.contains("set WatchdogSec= in the unit"), error.description)
            demand(system("env | grep -q WATCHDOG") != 0, "a child has it")
        }
    }
}

private func taken() -> Result<WatchdogTimeout?, ActivationError> {
    do { return .success(try WatchdogTimeout.take()) } catch { return .failure(error) }
}

private func isNone(_ taken: Result<WatchdogTimeout?, ActivationError>) -> Bool {
    if case .success(nil) = taken { true } else { false }
}
