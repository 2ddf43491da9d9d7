using System.Buffers;
using System.Collections.Concurrent;
using AgentFunctions.Storage;
using Microsoft.Win32.SafeHandles;

namespace AgentFunctions.Keys;

/// <summary>
/// Keeps heads as small files beside the host's keys: <c>heads/NAME.head</c>, sealed with <c>host.key</c>. For one process.
/// </summary>
/// <remarks>
/// A write goes into the older of two slots, without a flush: it survives the end of the process, and a loss of power leaves an
/// older head. Safe for concurrent use.
/// </remarks>
public sealed class FileHeadStore : IHeadStore, IDisposable
{
    private const int MaxLength = 128;

    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:");

    private readonly ConcurrentDictionary<string, Open> _open = new(StringComparer.Ordinal);
    private readonly string _folder;
    private HostKey? _key;

    /// <summary>Opens the heads of a folder; nothing is created before the first write.</summary>
    /// <param name="keyFolder">The folder of the host's keys.</param>
    public FileHeadStore(string keyFolder)
    {
        ArgumentException.ThrowIfNullOrEmpty(keyFolder);
        _folder = Path.GetFullPath(keyFolder);
    }

    /// <summary>Gets the file of a head.</summary>
    /// <param name="name">The name of the head.</param>
    public string PathOf(string name) => Path.Combine(_folder, "heads", Checked(name, "name") + ".head");

    /// <inheritdoc/>
    public ValueTask<Head?> ReadAsync(string name, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Read(name));

    /// <inheritdoc/>
    public ValueTask WriteAsync(string name, Head head, CancellationToken cancellationToken = default)
    {
        Write(name, head);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask RemoveAsync(string name, CancellationToken cancellationToken = default)
    {
        if (_open.TryRemove(name, out Open? open))
        {
            open.Dispose();
        }

        File.Delete(PathOf(name));
        return ValueTask.CompletedTask;
    }

    /// <summary>Reads the last head of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The head; <see langword="null"/> if none was ever written.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.DataFileUnusable"/>: what is there does not carry the host's seal.
    /// </exception>
    public Head? Read(string name)
    {
        string path = PathOf(name);
        byte[] content;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            content = new byte[2 * HeadSlot.Length];
            file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        }
        catch (IOException error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        HostKey? key = _key ?? HostKey.Find(_folder);
        Head? newest = null;
        for (int slot = 0; key is not null && slot < 2; slot++)
        {
            Head? head = HeadSlot.Read(key, name, content.AsSpan(slot * HeadSlot.Length, HeadSlot.Length));
            newest = head is null || head.Count < newest?.Count ? newest : head;
        }

        return newest ?? throw new AgentException(
            ErrorCode.DataFileUnusable,
            $"The head '{path}' does not carry the seal of this host's key ('{Path.Combine(_folder, HostKey.FileName)}'): one of the two was "
            + "changed or lost. Restore both from a copy of the folder.");
    }

    /// <summary>Writes the head of a name in place of the one before.</summary>
    /// <param name="name">The name.</param>
    /// <param name="head">The head; only after what it speaks of is durable.</param>
    /// <param name="flush">Whether it shall survive a loss of power at once.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.EngineUnavailable"/>: it cannot be written now.</exception>
    public void Write(string name, Head head, bool flush = false)
    {
        ArgumentNullException.ThrowIfNull(head);
        Checked(head.Epoch, nameof(head));
        Checked(head.Chain, nameof(head));
        try
        {
            _key ??= HostKey.Open(_folder, out _);
            Span<byte> line = stackalloc byte[HeadSlot.Length];
            HeadSlot.Write(line, _key, name, head);
            while (!_open.GetOrAdd(name, static (name, store) => new Open(store.PathOf(name)), this).TryWrite(head, line, flush))
            {
                // Another write has disposed of it.
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new AgentException(ErrorCode.EngineUnavailable, $"The head '{PathOf(name)}' cannot be written: {error.Message}",
                error);
        }
    }

    /// <summary>Writes all heads to the disk and closes their files. A later write opens them again.</summary>
    public void Dispose()
    {
        foreach (string name in _open.Keys)
        {
            if (_open.TryRemove(name, out Open? open))
            {
                open.Dispose();
            }
        }
    }

    private static string Checked(string text, string parameter) =>
        text.Length is > 0 and <= MaxLength && !text.AsSpan().ContainsAnyExcept(s_allowed) && text[0] != '.'
            ? text
            : throw new ArgumentException("Use at most 128 letters, digits, '.', '_', ':' or '-'.", parameter);

    /// <summary>The open file of one head.</summary>
    private sealed class Open(string path) : IDisposable
    {
        private readonly Lock _gate = new();
        private SafeFileHandle? _file;
        private Head? _last;
        private int _slot;
        private bool _disposed;

        public bool TryWrite(Head head, ReadOnlySpan<byte> line, bool flush)
        {
            lock (_gate)
            {
                if (_disposed)
                {
                    return false;
                }

                // Only a head that is further on the same line may leave its predecessor standing beside it.
                if (_file is null || _last is null || head.Epoch != _last.Epoch || head.Count < _last.Count)
                {
                    Begin(line);
                }
                else
                {
                    RandomAccess.Write(_file, line, _slot * HeadSlot.Length);
                    _slot = 1 - _slot;
                    if (flush)
                    {
                        RandomAccess.FlushToDisk(_file);
                    }
                }

                _last = head;
                return true;
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _disposed = true;
                if (_file is { } file)
                {
                    Flush(file);
                    file.Dispose();
                }
            }
        }

        private void Begin(ReadOnlySpan<byte> line)
        {
            _file?.Dispose();
            _file = null;
            PrivateFile.Replace(path, [.. line, .. line]);
            _file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            _slot = 0;
        }

        private static void Flush(SafeFileHandle file)
        {
            try
            {
                RandomAccess.FlushToDisk(file);
            }
            catch (IOException)
            {
                // A head that is behind is no fault.
            }
        }
    }
}
