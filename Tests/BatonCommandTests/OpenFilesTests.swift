import Testing

@testable import BatonCommand

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

struct OpenFilesTests {
    @Test func theSoftLimitIsRaisedAndNeverLowered() throws {
        let soft = OpenFiles.softLimit
        try #require(soft < OpenFiles.hardLimit || soft > 4096)
        // Enough for all tests that run beside this one.
        let low = min(soft, OpenFiles.hardLimit - 1)
        #expect(OpenFiles.raise(to: low - 1) == 0)
        #expect(OpenFiles.softLimit == soft)
        try Self.lower(to: low)
        defer { _ = OpenFiles.raise(to: soft) }
        #expect(OpenFiles.raise(to: low + 1) == 0)
        #expect(OpenFiles.softLimit == low + 1)
    }

    @Test func theHardLimitIsTheEnd() {
        guard OpenFiles.hardLimit < Int.max else { return }
        #expect(OpenFiles.raise(to: OpenFiles.hardLimit + 1) == EINVAL)
    }

    private static func lower(to count: Int) throws {
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limits = rlimit()
        try #require(getrlimit(resource, &limits) == 0)
        limits.rlim_cur = rlim_t(count)
        try #require(setrlimit(resource, &limits) == 0)
    }
}
