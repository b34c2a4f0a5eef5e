import Foundation

/// A file that a report is written to: all of it at once, or, where it is no file (`/dev/null`, a FIFO), one part after the other.
struct OutputFile {
    /// Why it cannot be written.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ errno: CInt) { description = String(cString: strerror(errno)) }
    }

    /// With links followed: they stay.
    private let path: String
    /// The kind of what is there (inode(7)); a file, if nothing is.
    private let kind: mode_t
    private var isOrdinary: Bool { kind == S_IFREG }

    init(path: String) {
        var status = stat()
        kind = stat(path, &status) == 0 ? status.st_mode & S_IFMT : S_IFREG
        let target = kind == S_IFREG ? realpath(path, nil) : nil
        self.path = target.map { String(cString: $0) } ?? path
        free(target)
    }

    /// Whether it could be written; what is in it stays.
    func check() throws(Failure) {
        guard isOrdinary else {
            // A FIFO may have no reader yet, and what writes to it is nothing to be tried out.
            if kind == S_IFDIR { throw Failure(EISDIR) }
            guard access(path, W_OK) == 0 else { throw Failure(errno) }
            return
        }
        var status = stat()
        let isNew = lstat(path, &status) != 0
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Failure(errno) }
        close(descriptor)
        if isNew { unlink(path) }
    }

    func write(_ data: Data) throws {
        guard !isOrdinary else { return try data.write(to: URL(fileURLWithPath: path), options: .atomic) }
        guard let file = FileHandle(forWritingAtPath: path) else { throw Failure(errno) }
        try file.write(contentsOf: data)
        try file.close()
    }
}
