using System.Buffers;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>
/// Reads a response's body by lines that end with LF, CRLF or CR, or whole. What was read is valid until it is disposed of.
/// </summary>
/// <param name="stream">The body; what bounds its size stands before it.</param>
internal sealed class WireLines(Stream stream) : IDisposable
{
    private static ReadOnlySpan<byte> ByteOrderMark => "\uFEFF"u8;

    // Lent: every answer needs it for a moment only.
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int _start;
    private int _end;
    private bool _atEnd;
    private bool _skipsLineFeed;

    /// <summary>Finds out how the body begins.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The first byte that is no white space; <see langword="null"/> if there is none.</returns>
    public async ValueTask<byte?> PeekAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_buffer.AsSpan(_start, _end - _start).StartsWith(ByteOrderMark))
            {
                _start += ByteOrderMark.Length;
            }

            for (int at = _start; at < _end; at++)
            {
                bool isMark = _buffer[at] == ByteOrderMark[0] && _end - at < ByteOrderMark.Length && at == _start && !_atEnd;
                if (!isMark && _buffer[at] is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
                {
                    return _buffer[at];
                }
            }

            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
            {
                return null;
            }
        }
    }

    /// <summary>Reads the next line, without its end; <see langword="null"/> at the end of the body.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The line; valid until the next one is read.</returns>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        int searched = 0;
        while (true)
        {
            if (_skipsLineFeed && _start < _end)
            {
                _start += _buffer[_start] == (byte)'\n' ? 1 : 0;
                _skipsLineFeed = false;
            }

            int found = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOfAny((byte)'\n', (byte)'\r');
            if (found >= 0)
            {
                ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, searched + found);
                _start += searched + found + 1;
                _skipsLineFeed = _buffer[_start - 1] == (byte)'\r';
                return line;
            }

            searched = _end - _start;
            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
            {
                ReadOnlyMemory<byte> rest = _buffer.AsMemory(_start, _end - _start);
                _start = _end;
                // Not a bare null, which would be an empty line.
                return rest.Length > 0 ? rest : (ReadOnlyMemory<byte>?)null;
            }
        }
    }

    /// <summary>Reads all that is left.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAllAsync(CancellationToken cancellationToken)
    {
        while (await FillAsync(cancellationToken).ConfigureAwait(false))
        {
        }

        return _buffer.AsMemory(_start, _end - _start);
    }

    public void Dispose()
    {
        byte[] lent = _buffer;
        (_buffer, _start, _end, _atEnd) = ([], 0, 0, true);
        if (lent.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(lent);
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_atEnd)
        {
            return false;
        }

        if (_end == _buffer.Length)
        {
            byte[] full = _buffer;
            byte[] target = _start > full.Length / 2 ? full : ArrayPool<byte>.Shared.Rent(full.Length * 2);
            full.AsSpan(_start, _end - _start).CopyTo(target);
            (_buffer, _end, _start) = (target, _end - _start, 0);
            if (target != full)
            {
                ArrayPool<byte>.Shared.Return(full);
            }
        }

        int count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += count;
        _atEnd = count == 0;
        return count > 0;
    }
}
