namespace AgentFunctions.AzureStorage;

/// <summary>The whole blocks that one read brought.</summary>
/// <param name="Blocks">The blocks with their bytes, in order.</param>
/// <param name="End">The place after them.</param>
/// <param name="IsLast">Whether the stream ended there when it was read.</param>
/// <param name="IsGone">Whether there is no such place (any more).</param>
internal sealed record LogChunk(
    IReadOnlyList<(LogBlock Block, ReadOnlyMemory<byte> Bytes)> Blocks, LogLocation End, bool IsLast, bool IsGone = false)
{
    public static LogChunk Nothing(LogLocation place) => new([], place, true);

    public static LogChunk Gone(LogLocation place) => new([], place, true, true);

    public static LogChunk Parse(LogLocation from, ReadOnlyMemory<byte> bytes, long blobSize, BlobLogLimits limits)
    {
        var blocks = new List<(LogBlock, ReadOnlyMemory<byte>)>();
        LogLocation place = from;
        int at = 0;
        while (LogBlock.ReadHead(bytes.Span[at..]) is { } block && block.Size <= bytes.Length - at)
        {
            blocks.Add((block, bytes.Slice(at, block.Size)));
            at += block.Size;
            place = place.After(block);
        }

        // A full segment may have a next one.
        bool isLast = place.Offset >= blobSize && place.RolledOver(limits.MaxBlocks, limits.MaxBytes) == place;
        return new LogChunk(blocks, place, isLast);
    }
}
