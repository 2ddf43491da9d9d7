namespace AgentFunctions.Mcp.Programs;

/// <summary>Reads lines of a stream, none of them longer than a limit.</summary>
internal static class ProgramLines
{
    private const int ChunkSize = 64 * 1024;

    /// <summary>The room for a line that is kept from one line to the next.</summary>
    private const int KeptRoom = 1024 * 1024;

    /// <summary>Hands over each line, without its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="limit">The longest line, in bytes.</param>
    /// <param name="cuts">Whether the rest of a longer line is dropped; otherwise it is an error.</param>
    /// <param name="handle">Takes a line; the memory is the line's only until it returns.</param>
    /// <param name="cancellationToken">The token to cancel the reading.</param>
    /// <exception cref="ProgramFloodException">A line is longer.</exception>
    public static async Task ReadAsync(
        Stream stream, int limit, bool cuts, Func<ReadOnlyMemory<byte>, ValueTask> handle, CancellationToken cancellationToken)
    {
        byte[] chunk = new byte[ChunkSize];
        byte[] line = [];
        int length = 0;
        int read;
        while ((read = await stream.ReadAsync(chunk, cancellationToken).ConfigureAwait(false)) > 0)
        {
            ReadOnlyMemory<byte> rest = chunk.AsMemory(0, read);
            while (rest.Span.IndexOf((byte)'\n') is var end and >= 0)
            {
                Add(rest[..end]);
                await handle(line.AsMemory(0, length)).ConfigureAwait(false);
                rest = rest[(end + 1)..];
                length = 0;
                line = line.Length > KeptRoom ? [] : line;
            }

            Add(rest);
        }

        if (length > 0)
        {
            await handle(line.AsMemory(0, length)).ConfigureAwait(false);
        }

        void Add(ReadOnlyMemory<byte> part)
        {
            if (length + part.Length > limit)
            {
                part = cuts ? part[..Math.Max(0, limit - length)] : throw ProgramFloodException.Line(limit);
            }

            if (length + part.Length > line.Length)
            {
                Array.Resize(ref line, Math.Min(limit, Math.Max(length + part.Length, 2 * line.Length)));
            }

            part.CopyTo(line.AsMemory(length));
            length += part.Length;
        }
    }
}
