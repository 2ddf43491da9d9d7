namespace AgentFunctions.OpenAI.Wire;

/// <summary>Reads a response's body by lines that end with LF, CRLF or CR, or whole.</summary>
/// <param name="stream">The body; what bounds its size stands before it.</param>
internal sealed class WireLines(Stream stream)
{
    private static ReadOnlySpan<byte> ByteOrderMark => "\uFEFF"u8;

    private byte[] buffer = new byte[16 * 1024];
    private int start;
    private int end;
    private bool atEnd;
    private bool skipsLineFeed;

    /// <summary>Finds out how the body begins.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The first byte that is no white space; <see langword="null"/> if there is none.</returns>
    public async ValueTask<byte?> PeekAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (buffer.AsSpan(start, end - start).StartsWith(ByteOrderMark))
            {
                start += ByteOrderMark.Length;
            }

            for (int at = start; at < end; at++)
            {
                bool isMark = buffer[at] == ByteOrderMark[0] && end - at < ByteOrderMark.Length && at == start && !atEnd;
                if (!isMark && buffer[at] is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
                {
                    return buffer[at];
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
            if (skipsLineFeed && start < end)
            {
                start += buffer[start] == (byte)'\n' ? 1 : 0;
                skipsLineFeed = false;
            }

            int found = buffer.AsSpan(start + searched, end - start - searched).IndexOfAny((byte)'\n', (byte)'\r');
            if (found >= 0)
            {
                ReadOnlyMemory<byte> line = buffer.AsMemory(start, searched + found);
                start += searched + found + 1;
                skipsLineFeed = buffer[start - 1] == (byte)'\r';
                return line;
            }

            searched = end - start;
            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
            {
                ReadOnlyMemory<byte> rest = buffer.AsMemory(start, end - start);
                start = end;
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

        return buffer.AsMemory(start, end - start);
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (atEnd)
        {
            return false;
        }

        if (end == buffer.Length)
        {
            byte[] target = start > buffer.Length / 2 ? buffer : new byte[buffer.Length * 2];
            buffer.AsSpan(start, end - start).CopyTo(target);
            (buffer, end, start) = (target, end - start, 0);
        }

        int count = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
        end += count;
        atEnd = count == 0;
        return count > 0;
    }
}
