import Foundation
import Testing

@testable import BatonCommand

/// Reports are written as a whole, and nothing but a file is replaced.
@Suite struct OutputFileTests {
    private let folder: UnitFilesOnDisk

    init() throws { folder = try UnitFilesOnDisk(["old.html": "old"]) }

    private func kind(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
    }

    @Test func whatIsThereStaysUntilItIsWritten() throws {
        try OutputFile(path: "\(folder.path)/old.html").check()
        #expect(try text("old.html") == "old")
        try OutputFile(path: "\(folder.path)/old.html").write(Data("new".utf8))
        #expect(try text("old.html") == "new")
        try OutputFile(path: "\(folder.path)/other.html").check()
        #expect(kind("\(folder.path)/other.html") == 0, "trying it out leaves nothing")
    }

    @Test func linksStay() throws {
        for target in ["old.html", "none.html"] {
            let link = "\(folder.path)/link-\(target)"
            try folder.link("link-\(target)", to: "\(folder.path)/\(target)")
            try OutputFile(path: link).check()
            try OutputFile(path: link).write(Data("new".utf8))
            #expect(kind(link) == S_IFLNK)
            #expect(try text(target) == "new")
        }
    }

    @Test func whatIsNoFileIsWrittenTo() throws {
        try OutputFile(path: "/dev/null").check()
        try OutputFile(path: "/dev/null").write(Data("new".utf8))
        #expect(kind("/dev/null") == S_IFCHR)
        var ends: [CInt] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let path = "/dev/fd/\(ends[1])"
        try OutputFile(path: path).check()
        try OutputFile(path: path).write(Data("new".utf8))
        var bytes = [UInt8](repeating: 0, count: 16)
        #expect(read(ends[0], &bytes, bytes.count) == 3)
    }

    @Test func whatCannotBeWritten() {
        let failure = #expect(throws: OutputFile.Failure.self) { try OutputFile(path: "/nowhere/x").check() }
        #expect(failure?.description == "No such file or directory")
        #expect(throws: OutputFile.Failure.self) { try OutputFile(path: folder.path).check() }
    }
}
