import Baton
import Glibc
import Systemd

/// The words about descriptors: most print whether it worked, and what was found.
extension Speaker {
    mutating func useStore(_ word: Word) throws {
        switch word.name {
        case "put-pipe", "put-watched-pipe":
            // A pipe with these bytes in it, and nobody who could write more: its other end hangs up.
            let (name, text) = try word.pair()
            var ends: [CInt] = [-1, -1]
            guard pipe(&ends) == 0 else { throw SpeakerError("\(word): no pipe") }
            write(text, to: ends[1])
            close(ends[1])
            put([ends[0]], as: name, watched: word.name == "put-watched-pipe")
        case "put-memory":
            // As many memory files as there are texts, one message.
            let (name, texts) = try word.pair()
            let memory = try texts.split(separator: ",", omittingEmptySubsequences: false).map { text in
                let descriptor = try memoryFile(name)
                write(String(text), to: descriptor)
                return descriptor
            }
            put(memory, as: name, watched: true)
        case "put-same":
            // One descriptor by two names.
            let (name, other) = try word.pair()
            let memory = try memoryFile(name)
            put([memory], as: name, watched: true)
            put([memory], as: other, watched: true)
        case "put-connection": put([connection], as: word.value, watched: true)
        case "remove":
            do {
                try store.remove(try StoredName(word.value))
                say("remove \(word.value): done")
            } catch {
                say("remove \(word.value): \(error.code): \(error)")
            }
        case "read":
            let (name, index) = try word.pair()
            let descriptor = try activation.take(name, index: Int(index) ?? 0).release()
            say("read \(word.value): \(contents(of: descriptor))")
        case "accept":
            let listener = try activation.take(word.value, index: 0).release()
            connection = Glibc.accept(listener, nil, nil)
        case "answer":
            let (name, text) = try word.pair()
            connection = try activation.take(name, index: 0).release()
            write("\(text)\n", to: connection)
        default: throw SpeakerError("\(word): not a word that is known")
        }
    }

    private func put(_ descriptors: [CInt], as name: String, watched: Bool) {
        do {
            try store.put(descriptors, as: try StoredName(name), watched: watched)
            say("put \(name): done")
        } catch {
            say("put \(name): \(error.code): \(error)")
        }
    }

    /// The corresponding C function is `memfd_create`, which the Swift compiler does not see in the C library's headers.
    private func memoryFile(_ name: String) throws -> CInt {
        guard let function = dlsym(nil, "memfd_create") else { throw SpeakerError("no memfd_create(2)") }
        typealias Create = @convention(c) (UnsafePointer<CChar>, CUnsignedInt) -> CInt
        // MFD_CLOEXEC.
        return unsafeBitCast(function, to: Create.self)(name, 1)
    }

    private func write(_ text: String, to descriptor: CInt) {
        _ = text.withCString { Glibc.write(descriptor, $0, strlen($0)) }
    }

    /// What can be read without waiting, of a file from its beginning.
    private func contents(of descriptor: CInt) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        lseek(descriptor, 0, SEEK_SET)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
