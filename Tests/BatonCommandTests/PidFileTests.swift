import Foundation
import Testing

@testable import BatonCommand

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The lock of a pid file, of which others look whether somebody holds it.
@Suite struct PidFileTests {
    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "baton-\(UUID().uuidString).pid").path
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        defer { unlink(path) }
        try body(path)
    }

    /// Another open file of the same process holds a lock as another process does.
    private func locked(_ path: String, _ operation: CInt) throws -> CInt {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        try #require(file >= 0 && flock(file, operation | LOCK_NB) == 0)
        return file
    }

    @Test func whoOnlyLooksDoesNotKeepAnotherFromStarting() throws {
        try withFile("1\n") { path in
            let other = try locked(path, LOCK_SH)
            Thread.detachNewThread {
                usleep(50_000)
                close(other)
            }
            _ = try PidFile(locking: path, patience: .seconds(60))
        }
    }

    @Test func whoHoldsItIsNamed() throws {
        try withFile("4321\n") { path in
            let other = try locked(path, LOCK_EX)
            defer { close(other) }
            let error = #expect(throws: PidFile.Refused.self) { _ = try PidFile(locking: path) }
            #expect(error?.description.contains("process 4321 holds it") == true)
        }
    }

    @Test func theProcessIsThatOfWhoHoldsTheLock() throws {
        try withFile("\(getpid())\n") { path in
            let error = #expect(throws: RunningManager.Failure.self) { _ = try RunningManager(pidFile: path) }
            #expect(error?.description.contains("nobody holds the lock of the file, which says \(getpid())") == true)
            let other = try locked(path, LOCK_EX)
            defer { close(other) }
            #expect(try RunningManager(pidFile: path).pid == getpid())
        }
    }
}
