import Baton
import CProcess
import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The manager's control socket and those who ask on it: one question a connection; see ``ControlProtocol``.
struct ControlServer: ~Copyable {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    /// Somebody who asks.
    private struct Client {
        let descriptor: CInt
        /// Unlike the descriptor, nobody else's later: the answer to a restart may come when the client has gone.
        let number: Int
        var question: [UInt8] = []
        var isAsked = false
    }

    /// More than ever ask at once; further ones wait in the backlog.
    private static let most = 64

    let path: String
    private let link: String?
    private let listener: CInt
    private var clients: [Client] = []
    private var count = 0
    /// Until when nobody is accepted, as the process is out of descriptors.
    private(set) var restUntil: ContinuousClock.Instant?

    /// Makes the socket; only this user and root can reach it.
    ///
    /// - Parameter link: Where a symbolic link to it is made, unless something else is there.
    init(path: String, link: String? = nil) throws(Refused) {
        let mask = umask(0o177)
        defer { umask(mask) }
        do {
            listener = try ListenAddress.unix(path: path).listen()
        } catch {
            throw Refused(description: "--control \(path): \(error)")
        }
        self.path = path
        self.link = link.flatMap { Self.isLinked($0, to: path) ? $0 : nil }
    }

    /// Removes a link from the socket's own place beside a pid file, which is this process's: one that was killed has left it, to whose
    /// runtime directory it led.
    static func removeLink(_ path: String) {
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK { unlink(path) }
    }

    private static func isLinked(_ link: String, to path: String) -> Bool {
        // Left by an earlier process: the pid file beside it is this one's.
        var status = stat()
        if lstat(link, &status) == 0, [S_IFLNK, S_IFSOCK].contains(status.st_mode & S_IFMT) { unlink(link) }
        return symlink(path, link) == 0
    }

    deinit {
        if let link { unlink(link) }
        unlink(path)
        _ = systemClose(listener)
        for client in clients { _ = systemClose(client.descriptor) }
    }

    /// What to poll.
    var descriptors: [CInt] {
        let isResting = restUntil.map { $0 > .now } ?? false
        return (clients.count < Self.most && !isResting ? [listener] : []) + clients.map(\.descriptor)
    }

    /// Does what there is to do for a descriptor that is ready.
    ///
    /// - Returns: Who has asked what.
    mutating func ready(_ descriptor: CInt) -> (client: Int, question: String)? {
        guard descriptor != listener else {
            let accepted = cprocess_accept(listener)
            restUntil = accepted >= 0 || accepted == -EAGAIN ? nil : .now + .milliseconds(100)
            if accepted >= 0 {
                count += 1
                clients.append(Client(descriptor: accepted, number: count))
            }
            return nil
        }
        guard let index = clients.firstIndex(where: { $0.descriptor == descriptor }) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(descriptor, &bytes, bytes.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return nil }
        guard count > 0, !clients[index].isAsked else {
            close(index)
            return nil
        }
        clients[index].question += bytes.prefix(count)
        guard let end = clients[index].question.firstIndex(of: UInt8(ascii: "\n")) else {
            if clients[index].question.count > ControlProtocol.longestLine { close(index) }
            return nil
        }
        clients[index].isAsked = true
        return (clients[index].number, String(decoding: clients[index].question[..<end], as: UTF8.self))
    }

    /// Answers, if the client is still there.
    mutating func answer(_ client: Int, _ answer: ControlProtocol.Answer) {
        guard let index = clients.firstIndex(where: { $0.number == client }) else { return }
        let line = answer.line + "\n"
        // It fits into the socket's buffer, or the client gets none.
        let descriptor = clients[index].descriptor
        _ = line.utf8.withContiguousStorageIfAvailable { cprocess_write_line(descriptor, $0.baseAddress, $0.count) }
        close(index)
    }

    private mutating func close(_ index: Int) {
        _ = systemClose(clients.remove(at: index).descriptor)
    }
}
